"""Writes testdata/formats/keras-config/<case>/: `model.json` as the framework
writes it, and `weights.json`, what the live model lists as its weights.

    python make_keras_config.py OUT keras      (run with Keras 3.15.1)
    python make_keras_config.py OUT tf_keras   (run with tf-keras 2.21.0)

Keras 3.0 counts calls in its own way: its case is written with 3.0.5.
"""

import importlib
import json
import os
import sys

import numpy


def rows(model, is_keras3):
    trained = {id(v) for v in model.trainable_variables}
    listed = []
    for v in model.weights:
        name = v.path if is_keras3 else v.name.removesuffix(":0")
        dtype = getattr(v.dtype, "name", None) or str(v.dtype)
        listed.append([name, list(v.shape), dtype, id(v) in trained])
    return listed


def without_shapes(value):
    """As old versions wrote it: shapes between the layers left out."""
    if isinstance(value, list):
        return [without_shapes(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without_shapes(item) for key, item in value.items()
            if key != "build_config"}


def write(out, case, model, is_keras3, strip=False):
    folder = os.path.join(out, case)
    os.makedirs(folder, exist_ok=True)
    config = json.loads(model.to_json())
    if strip:
        config = without_shapes(config)
    with open(os.path.join(folder, "model.json"), "w") as f:
        f.write(json.dumps(config))
    with open(os.path.join(folder, "weights.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r)
                                   for r in rows(model, is_keras3)) + "\n]\n")


def nested(keras):
    layers = keras.layers
    x = keras.Input((12, 12, 3), name="image")
    y = layers.Conv2D(4, 3, padding="same", name="conv")(x)
    y = layers.BatchNormalization(name="norm")(y)
    tower = keras.Model(x, layers.GlobalAveragePooling2D()(y), name="tower")
    a = keras.Input((12, 12, 3), name="left")
    b = keras.Input((12, 12, 3), name="right")
    head = keras.Sequential([layers.Dense(5, name="hidden"),
                             layers.PReLU(name="act")], name="head")
    both = layers.Concatenate()([tower(a), tower(b)])
    tower.trainable = False
    return keras.Model([a, b], layers.Dense(1, name="out")(head(both)))


def sequences(keras):
    layers = keras.layers
    x = keras.Input((7, 6), name="steps")
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True),
                             name="both_ways")(x)
    y = layers.MultiHeadAttention(2, 4, name="mha")(y, y)
    y = layers.TimeDistributed(layers.Dense(5, name="step"), name="td")(y)
    y = layers.RNN([layers.GRUCell(4, name="low"),
                    layers.LSTMCell(2, name="high")], name="rnn")(y)
    return keras.Model(x, y, name="sequences")


def shapes(keras):
    layers = keras.layers
    model = keras.Sequential(name="shapes")
    for layer in (keras.Input((20, 18, 2)), layers.ZeroPadding2D(1),
                  layers.SeparableConv2D(4, 3, strides=2, name="sep"),
                  layers.UpSampling2D(2), layers.Cropping2D(1),
                  layers.Conv2DTranspose(3, 2, strides=2, name="up"),
                  layers.MaxPooling2D(3), layers.Permute((3, 1, 2)),
                  layers.Reshape((-1, 6)), layers.GRU(2, name="gru"),
                  layers.RepeatVector(3), layers.Flatten(),
                  layers.Dense(4, name="last", dtype="float64")):
        model.add(layer)
    model.compile(optimizer="adam", loss="mse")
    return model


def reduced(keras):
    """Kernels that are quantised, or have a low-rank update beside them."""
    layers = keras.layers
    x = keras.Input(batch_shape=(2, 6, 8), name="x")
    y = layers.GRU(4, stateful=True, return_sequences=True, name="gru")(x)
    y = layers.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d",
                           name="mix")(y)
    lora = layers.Dense(5, name="lora")
    packed = layers.Dense(3, name="packed")
    grown = keras.Sequential(
        [keras.Sequential([layers.Dense(4, name="a")], name="inner"),
         layers.Dense(4, name="b")], name="late")
    model = keras.Model(x, grown(packed(lora(y))), name="reduced")
    lora.enable_lora(2)
    packed.quantize("int4")
    return model


def quantized(keras, mode):
    """All that can be is quantised: what attention holds, too."""
    layers = keras.layers
    x = keras.Input((6, 4), name="x")
    y = layers.MultiHeadAttention(2, 3, name="mha")(x, x)
    y = layers.GroupQueryAttention(2, 4, 2, use_bias=False, name="gqa")(y, y)
    y = layers.EinsumDense("abc,cde->abde", (None, 3, 2), bias_axes="de",
                           name="split")(y)
    y = layers.Reshape((6, 6))(y)
    inner = (layers.EinsumDense("abc,dc->abd", (6, 5), name="in")
             if mode == "int4" else
             layers.SpectralNormalization(layers.Dense(5, name="in"),
                                          name="spectral"))
    y = inner(y)
    ids = keras.Input((3,), dtype="int32", name="ids")
    words = layers.ReversibleEmbedding(9, 5, tie_weights=False, name="words")
    model = keras.Model([x, ids], [layers.Dense(3, name="out")(y), words(ids)],
                        name="quantized")
    model.quantize(mode)
    return model


def quantized_int8(keras):
    return quantized(keras, "int8")


def quantized_int4(keras):
    return quantized(keras, "int4")


def scopes(keras):
    """Inside of a Sequential model: what was built before, and what was not."""
    layers = keras.layers
    adapted = layers.Normalization(name="adapted")
    adapted.adapt(numpy.array([[1.0, 2.0, 3.0], [3.0, 5.0, 4.0]]))
    return keras.Sequential([
        keras.Input((3,), name="x"),
        adapted,
        layers.Reshape((3, 1)),
        keras.Sequential([layers.Dense(2, name="a")], name="called"),
        keras.Sequential([keras.Input((None, 2)), layers.Dense(4, name="b")],
                         name="any_length"),
        keras.Sequential([keras.Input((3, 4)),
                          layers.Dense(2, dtype="mixed_float16", name="c")],
                         name="of_floats"),
        layers.EinsumDense("...x,xy->...y", 2, name="mix"),
        layers.SpectralNormalization(
            layers.Dense(5, lora_rank=2, dtype="bfloat16", name="d"),
            name="spectral"),
    ], name="scopes")


def local(keras):
    """Kernels for every place, and what preprocessing keeps."""
    layers = keras.layers
    x = keras.Input((9, 6), name="x")
    y = layers.Normalization(dtype="mixed_float16", name="norm")(x)
    y = layers.LocallyConnected1D(3, 2, implementation=3, padding="same",
                                  dtype="float32", name="local")(y)
    y = layers.LocallyConnected1D(3, 2, data_format="channels_first",
                                  name="first")(y)
    return keras.Model(x, y, name="local")


def called_elsewhere(keras):
    """A layer that another model has called before."""
    layers = keras.layers
    shared = layers.Dense(6, name="shared")
    x = keras.Input((6,), name="x")
    keras.Model(x, shared(shared(x)))
    y = keras.Input((6,), name="y")
    return keras.Model(y, shared(layers.Dense(6, name="own")(shared(y))))


def main():
    out, name = sys.argv[1:]
    keras = importlib.import_module(name)
    is_keras3 = name == "keras"
    prefix = "keras3" if is_keras3 else "keras2"
    if keras.__version__.startswith("3.0."):
        write(out, "keras3.0-called_elsewhere", called_elsewhere(keras), True)
        return
    own = ((reduced, quantized_int8, quantized_int4, scopes) if is_keras3
           else (local,))
    for make in (nested, sequences, shapes, *own):
        write(out, f"{prefix}-{make.__name__}", make(keras), is_keras3,
              strip=make is shapes)


if __name__ == "__main__":
    main()
