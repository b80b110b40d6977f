"""Writes the Keras fixtures below testdata/formats, and beside each truth.json:
what the live model says of every stored array, looked up by its value.

Run in three environments, each writes its own: Keras 3.15.1 with tf_keras
2.21.0, TensorFlow 2.15.1 (Keras 2.15.0), Keras 3.0.5:
python make_keras.py ../formats
"""
import io
import json
import os
import sys
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

OUT = sys.argv[1]
RANDOM = np.random.default_rng(20261123)


def folder(name):
    path = os.path.join(OUT, name)
    os.makedirs(path, exist_ok=True)
    return path


def fingerprint(array):
    array = np.ascontiguousarray(array)
    return (array.shape, array.tobytes())


def arrays(path):
    found = {}
    names = [path]
    if path.endswith(".json"):
        at = os.path.dirname(path)
        names = [os.path.join(at, n) for n in sorted(os.listdir(at))
                 if n.endswith(".weights.h5")]
    if os.path.isdir(path):
        names = [os.path.join(path, "model.weights.h5")]
    for name in names:
        if zipfile.is_zipfile(name):
            name = io.BytesIO(zipfile.ZipFile(name).read("model.weights.h5"))
        with h5py.File(name) as file:
            file.visititems(
                lambda key, node: found.__setitem__(key, np.asarray(node))
                if isinstance(node, h5py.Dataset) else None)
    return found


def name_of(variable):
    path = getattr(variable, "path", None)
    return path or variable.name.removesuffix(":0")


def scatter(variables):
    for variable in variables:
        old = np.asarray(variable)
        if old.dtype.kind in "iu":
            new = RANDOM.integers(1, 1 << 20, size=old.shape)
        else:
            new = RANDOM.normal(size=old.shape)
        variable.assign(new.astype(old.dtype))


def truth(where, path, model, slots=()):
    """slots: [variable, owner, canonical word, role]"""
    stored = {}
    for key, array in arrays(path).items():
        stored.setdefault(fingerprint(array), []).append(key)

    def keys(variable):
        return sorted(stored.get(fingerprint(np.asarray(variable)), []))

    said = {"variables": {}, "slots": {}}
    trained = {id(v) for v in model.trainable_variables}
    for variable in model.weights:
        for key in keys(variable):
            said["variables"][key] = {
                "name": name_of(variable), "shape": list(variable.shape),
                "trainable": id(variable) in trained}
    for variable, owner, word, role in slots:
        for key in keys(variable):
            said["slots"][key] = [keys(owner)[0], word, role]
    with open(os.path.join(where, "truth.json"), "w") as out:
        json.dump(said, out, indent=1, sort_keys=True)
        out.write("\n")


def slots_of(model, optimizer, words):
    """words: attribute of the optimizer -> canonical word"""
    found = []
    for attribute, word in words.items():
        role = "average" if word == "average" else "slot"
        for variable, owner in zip(getattr(optimizer, attribute),
                                   model.trainable_variables):
            found.append((variable, owner, word, role))
    return found


ADAM = {"_momentums": "m", "_velocities": "v"}


def mlp(K, name="mlp"):
    return K.Sequential([K.Input((3,)), K.layers.Dense(4, name="one"),
                         K.layers.Dense(2, name="two")], name=name)


def nested(K):
    L = K.layers
    x = K.Input((3,))
    encoder = K.Sequential([K.Input((3,)), L.Dense(4, name="dense"),
                            L.BatchNormalization(name="norm")], name="encoder")
    return K.Model(x, L.Dense(2, name="out")(encoder(x)), name="outer")


def compiled(model, optimizer):
    model.compile(optimizer, "mse")
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    model.optimizer.build(model.trainable_variables)
    variables = list(model.weights) + list(model.optimizer.variables)
    variables += list(inner.variables)
    scatter({id(v): v for v in variables}.values())
    return inner


def keras3():
    L = keras.layers
    where = folder("keras-zip/nested-loss-scale")
    model = nested(keras)
    O = keras.optimizers
    inner = compiled(model, O.LossScaleOptimizer(O.Adam()))
    path = os.path.join(where, "model.keras")
    model.save(path)
    truth(where, path, model, slots_of(model, inner, ADAM))

    where = folder("keras-zip/unpacked")
    model = mlp(keras)
    inner = compiled(model, O.SGD(0.1, momentum=0.9))
    path = os.path.join(where, "model.keras")
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(os.path.join(where, "model"))
    truth(where, path, model, slots_of(model, inner, {"momentums": "momentum"}))
    os.remove(path)

    where = folder("keras-weights-h5/recurrent")
    model = keras.Sequential([
        keras.Input((5,), dtype="int32"), L.Embedding(7, 4, name="words"),
        L.Bidirectional(L.GRU(3), name="both"), L.Dense(2, name="head")],
        name="rnn")
    scatter(model.weights)
    path = os.path.join(where, "model.weights.h5")
    model.save_weights(path)
    truth(where, path, model)

    where = folder("keras-weights-h5/sharded")
    model = keras.Sequential(
        [keras.Input((8,))] + [L.Dense(8, name=n) for n in "zyxw"],
        name="shards")
    scatter(model.weights)
    path = os.path.join(where, "model.weights.json")
    model.save_weights(path, max_shard_size=600 / 1024**3)
    truth(where, path, model)

    where = folder("keras-h5/keras3-amsgrad")
    model = mlp(keras)
    inner = compiled(model, O.Adam(amsgrad=True))
    path = os.path.join(where, "model.h5")
    model.save(path)
    truth(where, path, model,
          slots_of(model, inner, {**ADAM, "_velocity_hats": "vhat"}))


def tf_keras():
    import tf_keras as K
    where = folder("keras-h5/nested-adam")
    model = nested(K)
    inner = compiled(model, K.optimizers.Adam())
    path = os.path.join(where, "model.h5")
    model.save(path)
    truth(where, path, model, slots_of(model, inner, ADAM))

    where = folder("keras-zip/tf-keras-ema")
    model = mlp(K)
    inner = compiled(model, K.optimizers.RMSprop(momentum=0.9, use_ema=True))
    path = os.path.join(where, "model.keras")
    model.save(path)
    truth(where, path, model, slots_of(model, inner, {
        "_velocities": "rms", "_momentums": "momentum",
        "_model_variables_moving_average": "average"}))


def keras2():
    import tensorflow as tf
    where = folder("keras-h5/legacy-nadam")
    model = mlp(keras)
    optimizer = keras.optimizers.legacy.Nadam()
    model.compile(optimizer, "mse")
    optimizer.apply_gradients([(tf.zeros_like(v), v)
                               for v in model.trainable_variables])
    scatter(list(model.weights) + list(optimizer.variables()))
    path = os.path.join(where, "model.h5")
    model.save(path)
    truth(where, path, model, [
        (optimizer.get_slot(v, word), v, word, "slot")
        for v in model.trainable_variables for word in ("m", "v")])


def keras30():
    where = folder("keras-h5/keras30-adam")
    model = mlp(keras)
    inner = compiled(model, keras.optimizers.Adam())
    path = os.path.join(where, "model.h5")
    model.save(path)
    truth(where, path, model, slots_of(model, inner, ADAM))


if keras.__version__.startswith("2."):
    keras2()
elif keras.__version__.startswith("3.0."):
    keras30()
else:
    keras3()
    tf_keras()
