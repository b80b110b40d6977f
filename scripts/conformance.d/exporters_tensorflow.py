"""export -> save -> check is clean; export -> rename -> check tells."""
# environments: tensorflow tensorflow-2.15 keras-3.0
import os
import sys
import tempfile

import tensorflow as tf

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "python"))
sys.path.insert(0, os.path.dirname(__file__))
import ckptdiff  # noqa: E402
from exporting import Tally  # noqa: E402


def libraries():
    found = [tf.keras]
    try:
        import tf_keras
        found.append(tf_keras)
    except ImportError:
        pass
    return found


def build(keras, first="dense_a", compiled=True):
    inputs = keras.layers.Input((6,))
    x = keras.layers.Dense(5, name=first)(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    model = keras.Model(inputs, keras.layers.Dense(3, name="head")(x))
    if compiled:
        model.compile(keras.optimizers.Adam(), "mse")
    return model


def trained(model):
    model.fit(tf.random.normal((8, 6)), tf.zeros((8, 3)), verbose=0)
    return model


def keras_cases(keras, folder, tally):
    # tf.keras tells its version by a function, and Keras 2 of it not at all.
    version = getattr(keras, "__version__", None) or (
        keras.version() if hasattr(keras, "version") else "2")
    is_v3 = version.startswith("3")
    trained_model = trained(build(keras))
    forms = {"keras": "m.keras", "h5": "m.h5", "weights": "m.weights.h5"}
    for form, name in forms.items():
        path = os.path.join(folder, version + name)
        if form == "weights":
            # A bare store does not tell the optimizer's class: its slots are
            # compared with nothing that is sure.
            model = build(keras, compiled=False)
            model.save_weights(path)
        else:
            model = trained_model
            model.save(path)
        tally.clean(f"Keras {version} {form}", model, path)
    path = os.path.join(folder, version + "ckpt")
    parts = {"model": trained_model, "optimizer": trained_model.optimizer}
    try:
        root = tf.train.Checkpoint(**parts)
    except ValueError:  # Keras 3.0's optimizers are not trackable
        del parts["optimizer"]
        root = tf.train.Checkpoint(**parts)
    saved = root.save(path)
    tally.clean(f"Keras {version} tf.train.Checkpoint", root, saved)
    renamed = build(keras, "first")
    h5 = os.path.join(folder, version + forms["h5"])
    tally.tells(f"Keras {version} renamed layer", renamed, h5,
                "renamed-variable")
    if not is_v3:
        legacy = os.path.join(folder, "legacy")
        optimizer = keras.optimizers.legacy.Adam()
        model = build(keras)
        optimizer.apply_gradients(
            [(tf.zeros_like(v), v) for v in model.trainable_variables])
        root = tf.train.Checkpoint(model=model, optimizer=optimizer)
        tally.clean(f"Keras {version} legacy Adam", root, root.save(legacy))


class Module(tf.Module):
    def __init__(self, name="module", extra=False):
        super().__init__(name=name)
        self.w = tf.Variable(tf.zeros((3, 4)), name="w")
        self.parts = [tf.Variable(tf.zeros(2), name=f"part{i}")
                      for i in range(3)]
        if extra:
            self.more = tf.Variable(tf.zeros(7), name="more")


def graph_case(folder, tally):
    v1 = tf.compat.v1
    path = os.path.join(folder, "tf1")
    with tf.Graph().as_default() as graph:
        w = v1.get_variable("d_w1", [3, 4], use_resource=False)
        v1.train.AdamOptimizer().minimize(tf.reduce_sum(w * w))
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            v1.train.Saver().save(session, path)
            v1.train.Saver([w]).save(session, path + "-bare")
        tally.clean("TF1 graph", graph, path)
        tally.tells("TF1 graph, slots not saved", graph, path + "-bare",
                    "missing-slot")


def main(quick):
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        for keras in libraries()[:1 if quick else None]:
            keras_cases(keras, folder, tally)
        saved = tf.train.Checkpoint(m=Module()).save(
            os.path.join(folder, "module"))
        tally.clean("tf.Module", tf.train.Checkpoint(m=Module()), saved)
        tally.tells("tf.Module with more",
                    tf.train.Checkpoint(m=Module(extra=True)), saved,
                    "missing-variable")
        graph_case(folder, tally)
    return tally.close()


sys.exit(main("--quick" in sys.argv))
