"""export -> save -> check is clean; export -> rename -> check tells."""
# environments: tensorflow tensorflow-2.15 keras-3.0
import os
import sys
import tempfile

import numpy as np
import tensorflow as tf

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "python"))
sys.path.insert(0, os.path.dirname(__file__))
from exporting import Tally  # noqa: E402


def libraries():
    found = [tf.keras]
    try:
        import tf_keras
        found.append(tf_keras)
    except ImportError:
        pass
    return found


def version_of(keras):
    # tf.keras tells its version by a function, and Keras 2 of it not at all.
    return getattr(keras, "__version__", None) or (
        keras.version() if hasattr(keras, "version") else "2")


# ---------------------------------------------------------------- Keras models


def functional(keras, first="dense_a"):
    inputs = keras.layers.Input((6,))
    x = keras.layers.Dense(5, name=first)(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Dropout(0.1)(x)
    return keras.Model(inputs, keras.layers.Dense(3, name="head")(x))


def nested_alike(keras):
    """Two models inside that name their variables alike."""
    def inner(name):
        inputs = keras.layers.Input((6,))
        return keras.Model(inputs, keras.layers.Dense(6, name="dense")(inputs),
                           name=name)
    inputs = keras.layers.Input((6,))
    return keras.Model(inputs, inner("b")(inner("a")(inputs)))


def sequential(keras):
    return keras.Sequential([
        keras.layers.Dense(4), keras.layers.LayerNormalization(),
        keras.layers.Reshape((2, 2)), keras.layers.LSTM(3),
        keras.layers.Dense(3)])


def subclassed(keras):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = keras.layers.Dense(4)
            self.blocks = [keras.layers.Dense(4) for _ in range(3)]
            self.last = keras.layers.Dense(3)

        def call(self, x):
            x = self.first(x)
            for block in self.blocks:
                x = block(x)
            return self.last(x)
    return Model()


def frozen(keras):
    model = functional(keras)
    model.get_layer("dense_a").trainable = False
    return model


MODELS = {"functional": functional, "frozen": frozen, "nested": nested_alike,
          "sequential": sequential, "subclassed": subclassed}


def fit(model):
    x = np.zeros((4, 6), "float32")
    model.fit(x, np.zeros(model(x).shape, "float32"), verbose=0)


def forms(keras, model_name, state):
    is_v3 = version_of(keras).startswith("3")
    if is_v3:
        names = ["m.keras", "m.weights.h5", "export", "m.h5"]
    else:
        names = ["m.keras", "m.weights.h5", "w.h5", "saved", "tf", "m.h5"]
    if state == "compiled":  # what tells of its optimizer
        names = names[:2]
    # Keras refuses names that repeat in .h5; bare stores of Keras 2 and 3.0 name
    # neither layers nor variables, and what repeats is told by nothing.
    skipped = {"subclassed": ("m.h5", "export", "saved"),
               "nested": ("m.h5", "m.weights.h5")
               if version_of(keras).startswith(("2", "3.0")) else ("m.h5",)}
    return [name for name in names if name not in skipped.get(model_name, ())]


def save(model, path):
    if path.endswith((".weights.h5", "w.h5", "tf")):
        model.save_weights(path)
    elif path.endswith("export"):
        model.export(path)
    elif path.endswith("saved"):
        model.save(path, save_format="tf")
    else:
        model.save(path)


def keras_cases(keras, folder, tally, quick):
    version = version_of(keras)
    for name, make in list(MODELS.items())[:1 if quick else None]:
        model = make(keras)
        model(np.zeros((4, 6), "float32"))
        for state in ("built", "compiled", "trained"):
            if state == "compiled":
                model.compile("adam", "mse")
            if state == "trained":
                fit(model)
            for form in forms(keras, name, state):
                at = os.path.join(folder, f"{version}-{name}-{state}-{form}")
                save(model, at)
                tally.clean(f"Keras {version}, {name}, {state}, {form}", model,
                            at)
    at = os.path.join(folder, f"{version}-functional-trained-")
    tally.tells(f"Keras {version} renamed layer", functional(keras, "first"),
                at + "m.h5", "renamed-variable")
    weights_only = os.path.join(folder, f"{version}-functional-built-m.keras")
    model = functional(keras)
    model.compile("adam", "mse")
    tally.tells(f"Keras {version} weights only", model, weights_only,
                "missing-optimizer", optimizer=model.optimizer)


# ----------------------------------------------------------------- optimizers

OPTIMIZERS = {name: {} for name in (
    "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam",
    "Ftrl", "Lion", "Adafactor", "Lamb", "Muon")}
SETTINGS = {"SGD, momentum": {"momentum": 0.9}, "Adam, amsgrad":
            {"amsgrad": True}, "RMSprop, all": {"momentum": 0.9,
                                                "centered": True},
            "SGD, averages": {"use_ema": True}}


def optimizer_cases(keras, folder, tally, quick):
    version = version_of(keras)
    made = [(name, keras.optimizers, name, {}) for name in OPTIMIZERS]
    made += [(name, keras.optimizers, name.partition(",")[0], settings)
             for name, settings in SETTINGS.items()]
    if not version.startswith("3"):
        made += [(f"legacy {name}", keras.optimizers.legacy, name, {})
                 for name in ("Adam", "RMSprop", "Ftrl")]
    for name, module, class_name, settings in made[:2 if quick else None]:
        if not hasattr(module, class_name):
            continue
        model = functional(keras)
        model.compile(getattr(module, class_name)(**settings), "mse")
        fit(model)
        at = os.path.join(folder, f"{version}-{name}")
        if "averages" not in name:
            is_legacy = module is not keras.optimizers
            form = ".h5" if is_legacy or name == "Muon" else ".keras"
            model.save(at + form)
            tally.clean(f"Keras {version}, {name}, {form}", model, at + form,
                        optimizer=model.optimizer)
        try:
            root = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
        except ValueError:  # Keras 3.0's optimizers are not trackable
            continue
        tally.clean(f"Keras {version}, {name}, tf.train.Checkpoint", root,
                    root.save(at))


# --------------------------------------------------------------- object graphs


class Inner(tf.Module):
    def __init__(self, name):
        super().__init__(name=name)
        with self.name_scope:
            self.w = tf.Variable(tf.zeros((3, 4)), name="w")


class Module(tf.Module):
    def __init__(self, first="first", more=False):
        super().__init__()
        setattr(self, first, Inner("inner"))
        self.second = Inner("inner")  # names repeat
        self.parts = [tf.Variable(tf.zeros(2), name=f"part{i}")
                      for i in range(3)]
        self.by_key = {"a": Inner("a"), "b": tf.Variable(1.0)}
        if more:
            self.more = tf.Variable(tf.zeros(7), name="more")


OBJECTS = {
    "tf.Module below": lambda: tf.train.Checkpoint(
        model=Module(), step=tf.Variable(0, dtype=tf.int64)),
    "tf.Module as root": lambda: tf.train.Checkpoint(Module()),
    "containers": lambda: tf.train.Checkpoint(
        some=[tf.Variable(1.0), [tf.Variable(2.0)]], by={"a": tf.Variable(3.0)}),
    "iterator": lambda: tf.train.Checkpoint(
        it=iter(tf.data.Dataset.range(9)), v=tf.Variable(1.0)),
    "random generator": lambda: tf.train.Checkpoint(
        g=tf.random.Generator.from_seed(1)),
    "unknown shape": lambda: tf.train.Checkpoint(
        v=tf.Variable([1.0], shape=tf.TensorShape(None))),
}


def object_cases(folder, tally):
    for name, make in OBJECTS.items():
        at = os.path.join(folder, name.replace(" ", "-"))
        root = make()
        tally.clean(name, root, root.save(at))
        tally.clean(f"{name}, written", root, root.write(at + "-written"))
    at = os.path.join(folder, "module")
    below = tf.train.Checkpoint(net=Module()).save(at)
    tally.clean("tf.Module, wherever it is", Module(), below)
    tally.tells("tf.Module with more", Module(more=True), below,
                "missing-variable")
    tally.tells("renamed attribute", Module("renamed"), below,
                "renamed-variable")
    tally.tells("held by another name", tf.train.Checkpoint(model=Module()),
                below, "renamed-variable")
    tf.saved_model.save(Module(), at)
    tally.clean("tf.Module, SavedModel", Module(), at)


# ------------------------------------------------------------------ TF1 graphs

v1 = tf.compat.v1


def minimize(optimizer):
    w = v1.get_variable("fc/w", [3, 4], use_resource=False)
    b = v1.get_variable("fc/b", [4])
    step = v1.train.get_or_create_global_step()
    optimizer(step).minimize(tf.reduce_sum(w * w) + tf.reduce_sum(b),
                             global_step=step)


def averages():
    minimize(lambda _: v1.train.GradientDescentOptimizer(0.1))
    tf.train.ExponentialMovingAverage(0.9).apply(v1.trainable_variables())


def partitioned():
    with v1.variable_scope("s", partitioner=v1.fixed_size_partitioner(2)):
        w = v1.get_variable("w", [4, 3], use_resource=False)
    v1.train.AdamOptimizer().minimize(tf.reduce_sum(tf.convert_to_tensor(w)))


def gan():
    for name in ("g_w", "d_w"):
        w = v1.get_variable(name, [3])
        v1.train.AdamOptimizer().minimize(tf.reduce_sum(w), var_list=[w])


train = v1.train
GRAPHS = {
    **{name: (lambda make: lambda: minimize(make))(make) for name, make in {
        "SGD": lambda _: train.GradientDescentOptimizer(0.1),
        "Adam": lambda _: train.AdamOptimizer(),
        "Adam of another name": lambda _: train.AdamOptimizer(name="MyAdam"),
        "Momentum": lambda _: train.MomentumOptimizer(0.1, 0.9),
        "Adagrad": lambda _: train.AdagradOptimizer(0.1),
        "AdagradDA": lambda step: train.AdagradDAOptimizer(0.1, step),
        "Adadelta": lambda _: train.AdadeltaOptimizer(),
        "RMSProp": lambda _: train.RMSPropOptimizer(0.1),
        "RMSProp, centred": lambda _: train.RMSPropOptimizer(0.1,
                                                             centered=True),
        "Ftrl": lambda _: train.FtrlOptimizer(0.1),
        "ProximalAdagrad": lambda _: train.ProximalAdagradOptimizer(0.1),
    }.items()},
    "moving averages": averages, "partitioned": partitioned, "GAN": gan,
}


def graph_cases(folder, tally, quick):
    for name, build in list(GRAPHS.items())[:2 if quick else None]:
        path = os.path.join(folder, "graph-" + name.replace(" ", "-"))
        with tf.Graph().as_default() as graph:
            build()
            with v1.Session() as session:
                # Averages begin as what they are averages of.
                session.run(v1.variables_initializer(v1.trainable_variables()))
                session.run(v1.global_variables_initializer())
                v1.train.Saver().save(session, path)
                weights = v1.trainable_variables()
                v1.train.Saver(weights).save(session, path + "-bare")
            tally.clean(f"TF1 graph, {name}", graph, path)
            if name == "Adam":
                tally.tells("TF1 graph, slots not saved", graph,
                            path + "-bare", "missing-slot")


def main(quick):
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        for keras in libraries()[:1 if quick else None]:
            keras_cases(keras, folder, tally, quick)
            optimizer_cases(keras, folder, tally, quick)
        object_cases(folder, tally)
        graph_cases(folder, tally, quick)
    return tally.close()


sys.exit(main("--quick" in sys.argv))
