#!/usr/bin/env python3
"""Keras: what a model's own list calls a variable, and what its files do.

One built model, every value of its own, written by Keras and read back by
h5py and TensorFlow. Made with TensorFlow 2.21.0, Keras 3.15.1, tf_keras
2.21.0.

  python keras_routes.py [PART OF AN ID]
"""

import os
import sys
import tempfile

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import h5py
import keras as keras3
import numpy as np
import tensorflow as tf
import tf_keras as keras2

from pairs import Side, Tagger, Var, write


def text_classifier(keras):
    layers = keras.layers
    inputs = keras.Input((12,), dtype="int32")
    x = layers.Embedding(30, 8)(inputs)
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
    x = layers.Bidirectional(layers.GRU(6))(x)
    x = layers.Dense(10, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def encoder_block(keras, x, width):
    layers = keras.layers
    y = layers.MultiHeadAttention(2, width // 2)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    y = layers.Dense(3 * width, activation="gelu")(x)
    y = layers.Dense(width)(y)
    return layers.LayerNormalization()(layers.Add()([x, y]))


def text_transformer(keras):
    layers = keras.layers
    inputs = keras.Input((12,), dtype="int32")
    x = layers.Embedding(30, 8, name="tokens")(inputs)
    for _ in range(3):
        x = encoder_block(keras, x, 8)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(3, name="classes")(x))


def inception(keras):
    layers = keras.layers

    def unit(x, filters, size):
        x = layers.Conv2D(filters, size, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(scale=False)(x))

    inputs = keras.Input((32, 32, 3))
    x = unit(inputs, 8, 3)
    for width in (8, 8, 12):
        a = unit(x, width, 1)
        b = unit(unit(x, width, 1), width, 3)
        c = unit(unit(x, width, 1), width, 5)
        x = layers.Concatenate()([a, b, c])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(5)(x))


def separable(keras):
    layers = keras.layers
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, use_bias=False, name="stem")(inputs)
    x = layers.BatchNormalization(name="stem_bn")(x)
    for i in range(4):
        x = layers.DepthwiseConv2D(3, use_bias=False, name=f"dw_{i}")(x)
        x = layers.BatchNormalization(name=f"dw_{i}_bn")(x)
        x = layers.SeparableConv2D(12, 3, name=f"sep_{i}")(x)
        x = layers.BatchNormalization(name=f"sep_{i}_bn")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(5, name="logits")(x))


def nested(keras):
    layers = keras.layers

    def coder(name, widths):
        inputs = keras.Input((widths[0],))
        x = inputs
        for width in widths[1:]:
            x = layers.Dense(width, activation="relu")(x)
            x = layers.BatchNormalization()(x)
        return keras.Model(inputs, x, name=name)

    inputs = keras.Input((20,))
    encoder = coder("encoder", [20, 16, 12, 8])
    decoder = coder("decoder", [8, 12, 16, 20])
    outputs = layers.Dense(20, name="reconstruction")(decoder(encoder(inputs)))
    return keras.Model(inputs, outputs, name="autoencoder")


def siamese(keras):
    layers = keras.layers
    left, right = keras.Input((16,)), keras.Input((10,))
    shared = layers.Dense(8, name="shared")
    a = shared(layers.Dense(12, name="left")(left))
    b = shared(layers.Dense(12, name="right")(right))
    x = layers.Concatenate()([a, b])
    x = layers.PReLU(name="prelu")(layers.Dense(9, name="mixed")(x))
    return keras.Model([left, right], layers.Dense(1, name="score")(x))


def subclassed(keras):
    layers = keras.layers

    class Actor(keras.Model):
        def __init__(self):
            super().__init__()
            self.torso = [layers.Dense(16), layers.Dense(16), layers.Dense(16)]
            self.policy = layers.Dense(4)
            self.value = layers.Dense(1)

        def call(self, x):
            for layer in self.torso:
                x = layer(x)
            return self.policy(x), self.value(x)

    model = Actor()
    model(np.zeros((1, 16), "float32"))
    return model


MODELS = {
    "text-rnn": text_classifier,
    "text-transformer": text_transformer,
    "inception": inception,
    "separable": separable,
    "autoencoder": nested,
    "siamese": siamese,
    "actor-critic": subclassed,
}


def tag(model):
    tags = Tagger()
    for v in model.weights:
        kind = "int64" if "int" in str(v.dtype) else "float32"
        v.assign(tags.array(tuple(v.shape), kind))


def live(keras, model, version):
    side = Side(type(model).__name__, "keras", version)
    for v in model.weights:
        name = v.path if keras is keras3 else v.name.split(":")[0]
        side.variables.append(Var(name, v.numpy(), bool(v.trainable)))
    return side


def from_h5(path, format, version, keep=lambda name: True):
    side = Side(
        os.path.basename(path), "keras", version, format, addressed_by="order"
    )

    def visit(name, node):
        if isinstance(node, h5py.Dataset) and keep(name):
            side.variables.append(Var(name, node[()]))

    with h5py.File(path) as file:
        file.visititems(visit)
    return side


def from_checkpoint(prefix, version, cut):
    side = Side(
        os.path.basename(prefix), "tensorflow", version, "tf-bundle-object",
        addressed_by="key",
    )
    reader = tf.train.load_checkpoint(prefix)
    for key in sorted(reader.get_variable_to_shape_map()):
        if key.startswith(("_CHECKPOINTABLE", "save_counter")):
            continue
        name = key.replace("/.ATTRIBUTES/VARIABLE_VALUE", "")
        if "keras_api" in name or not name.startswith(cut):
            continue
        side.variables.append(Var(name, reader.get_tensor(key), key=key))
    return side


def routes(keras, model, version, folder):
    """Name of the route -> what its file holds."""
    path = os.path.join(folder, "model.weights.h5")
    model.save_weights(path)
    yield "v3h5", from_h5(
        path, "keras-zip", version, lambda n: "optimizer" not in n
    )
    prefix = tf.train.Checkpoint(model=model).save(os.path.join(folder, "ckpt"))
    yield "object", from_checkpoint(prefix, version, "model/")
    if keras is keras2:
        prefix = os.path.join(folder, "weights")
        model.save_weights(prefix, save_format="tf")
        yield "tfweights", from_checkpoint(prefix, version, "")
        path = os.path.join(folder, "weights.h5")
        model.save_weights(path, save_format="h5")
        yield "h5", from_h5(path, "keras-weights-h5", version)
    else:
        where = os.path.join(folder, "export")
        try:
            model.export(where, verbose=False)
        except Exception:  # a subclassed model has no signature to trace
            return
        side = from_checkpoint(where + "/variables/variables", version, "")
        side.variables = [
            v for v in side.variables if v.name.startswith("variables/")
        ]
        yield "export", side


# Which routes of which model are kept: each differently, none twice.
WANTED = {
    "keras3-text-rnn-v3h5", "keras3-text-rnn-object",
    "keras3-text-transformer-v3h5", "keras3-text-transformer-export",
    "keras3-text-transformer-object",
    "keras3-inception-v3h5", "keras3-inception-object",
    "keras3-separable-export", "keras3-separable-v3h5",
    "keras3-autoencoder-v3h5", "keras3-autoencoder-object",
    "keras3-siamese-object", "keras3-siamese-v3h5",
    "keras3-actor-critic-v3h5",
    "keras2-text-rnn-tfweights", "keras2-text-rnn-v3h5", "keras2-text-rnn-h5",
    "keras2-text-transformer-tfweights", "keras2-inception-v3h5",
    "keras2-separable-object", "keras2-autoencoder-h5",
    "keras2-autoencoder-object", "keras2-siamese-v3h5",
    "keras2-actor-critic-object",
}


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    for keras, generation in ((keras3, "keras3"), (keras2, "keras2")):
        version = f"Keras {keras.__version__}"
        for name, build in MODELS.items():
            keras.backend.clear_session()
            model = build(keras)
            tag(model)
            with tempfile.TemporaryDirectory() as folder:
                for route, side in routes(keras, model, version, folder):
                    id = f"{generation}-{name}-{route}"
                    if id not in WANTED or part not in id:
                        continue
                    write(
                        f"{id}-to-live", name, 1,
                        f"{version}: one live model, {route} and live, "
                        "unique values",
                        side, live(keras, model, version), None,
                    )


if __name__ == "__main__":
    main()
