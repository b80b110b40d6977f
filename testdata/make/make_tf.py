"""Writes the TensorFlow fixtures below testdata/formats.

Beside each stands truth.json: what the framework itself says is in the file
(tf.train.load_checkpoint for names, shapes, types; the live optimizer objects
for slots and owners). Written with TensorFlow 2.21.0, tf_keras 2.21.0 and
Keras 3.15.1: python make_tf.py ../formats
"""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402
import keras  # noqa: E402

v1 = tf.compat.v1
OUT = sys.argv[1]


def folder(name):
    path = os.path.join(OUT, name)
    os.makedirs(path, exist_ok=True)
    return path


def write_truth(path, prefix, slots, step=None):
    """slots: {key: [owner's key, canonical slot, role]}"""
    reader = tf.train.load_checkpoint(prefix)
    variables = {}
    for key, shape in reader.get_variable_to_shape_map().items():
        dtype = reader.get_variable_to_dtype_map()[key]
        variables[key] = {"shape": list(shape), "dtype": dtype.name}
    truth = {"variables": dict(sorted(variables.items())),
             "slots": dict(sorted(slots.items())), "step": step}
    with open(os.path.join(path, "truth.json"), "w") as out:
        json.dump(truth, out, indent=1, sort_keys=True)
        out.write("\n")


def op_name(variable):
    info = variable._get_save_slice_info()
    return info.full_name if info else variable.op.name


def v1_slots(optimizer, variables, words):
    """words: the framework's own slot name -> the canonical one"""
    slots = {}
    for variable in variables:
        for word, canonical in words.items():
            slot = optimizer.get_slot(variable, word)
            slots[op_name(slot)] = [op_name(variable), canonical, "slot"]
    return slots


def save_v1(name, build, version=v1.train.SaverDef.V2, meta=False):
    path = folder(name)
    prefix = os.path.join(path, "model.ckpt")
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        train, slots, step = build()
        session.run(v1.global_variables_initializer())
        if train is not None:
            session.run(train)
        saver = v1.train.Saver(write_version=version)
        saver.save(session, prefix, write_meta_graph=False)
        if meta:
            graph = saver.export_meta_graph(clear_devices=True,
                                            strip_default_attrs=True)
            del graph.meta_info_def.stripped_op_list.op[:]  # half of the file
            with open(prefix + ".meta", "wb") as out:
                out.write(graph.SerializeToString())
        write_truth(path, prefix, slots, step)
    os.remove(os.path.join(path, "checkpoint"))


def gan():
    def make(name, sizes):
        return [v1.get_variable(f"{name}_w{i}", size)
                for i, size in enumerate(sizes, 1)]
    g, d = make("g", [[3, 4], [4, 2]]), make("d", [[2, 3], [3, 1]])
    score = tf.ones([1, 3])
    for w in g + d:
        score = tf.matmul(score, w)
    return tf.reduce_mean(score), g, d


ADAM = {"m": "m", "v": "v"}


def gan_with_slots():
    score, g, d = gan()
    a, b = v1.train.AdamOptimizer(1e-3), v1.train.AdamOptimizer(1e-3)
    train = [a.minimize(score, var_list=g), b.minimize(-score, var_list=d)]
    return train, {**v1_slots(a, g, ADAM), **v1_slots(b, d, ADAM)}, None


def gan_without_slots():
    gan()
    return None, {}, None


def two_adams():
    score, g, _ = gan()
    a, b = v1.train.AdamOptimizer(1e-3), v1.train.AdamOptimizer(1e-3)
    train = [a.minimize(score, var_list=g), b.minimize(-score, var_list=g)]
    return train, {**v1_slots(a, g, ADAM), **v1_slots(b, g, ADAM)}, None


def centred():
    score, g, _ = gan()
    o = v1.train.RMSPropOptimizer(1e-3, momentum=0.9, centered=True)
    with v1.variable_scope("training"):
        train = o.minimize(score, var_list=g)
    words = {"rms": "rms", "mg": "mg", "momentum": "momentum"}
    return train, v1_slots(o, g, words), None


def partitioned():
    w = v1.get_variable("emb", [6, 4],
                        partitioner=v1.fixed_size_partitioner(3))
    o = v1.train.MomentumOptimizer(0.1, 0.9)
    train = o.minimize(tf.reduce_sum(tf.convert_to_tensor(w) ** 2))
    slots = {"emb/Momentum": ["emb", "momentum", "slot"]}
    return train, slots, None


def averaged():
    score, g, _ = gan()
    step = v1.train.get_or_create_global_step()
    ema = tf.train.ExponentialMovingAverage(0.9)
    train = v1.train.GradientDescentOptimizer(0.1).minimize(score, step)
    with tf.control_dependencies([train]):
        train = ema.apply(g)
    slots = {ema.average_name(v): [v.op.name, "average", "average"] for v in g}
    return train, slots, 1


def called_adam():
    """Variables that are merely called like slots."""
    v1.get_variable("net/Adam", [3])
    v1.get_variable("net/kernel", [3])
    v1.get_variable("Momentum", [2])
    return None, {}, None


def save_v2(name, root, slots, step):
    path = folder(name)
    prefix = tf.train.Checkpoint(**root).save(os.path.join(path, "ckpt"))
    write_truth(path, prefix, slots, step)
    os.remove(os.path.join(path, "checkpoint"))


def value(path):
    return path + "/.ATTRIBUTES/VARIABLE_VALUE"


def legacy_adam():
    model = tf_keras.Sequential(
        [tf_keras.layers.Dense(3, name="hidden", input_shape=(2,)),
         tf_keras.layers.Dense(1, name="head")])
    optimizer = tf_keras.optimizers.legacy.Adam()
    train(model, optimizer, 2)
    slots = {}
    for i in range(2):
        for weight in ("kernel", "bias"):
            owner = f"model/layer_with_weights-{i}/{weight}"
            for slot in ("m", "v"):
                key = value(f"{owner}/.OPTIMIZER_SLOT/optimizer/{slot}")
                slots[key] = [value(owner), slot, "slot"]
    save_v2("tf-bundle-object/legacy-adam",
            {"model": model, "optimizer": optimizer}, slots, 2)


def train(model, optimizer, steps):
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(np.ones((1, 2), "float32")) ** 2)
        variables = model.trainable_variables
        optimizer.apply_gradients(
            zip(tape.gradient(loss, variables), variables))


def find_slots(prefix, pairs):
    """pairs: [(slot variable, owner, word)]; keys are found by value, so that
    no rule of naming is trusted. Every variable gets a value of its own."""
    reader = tf.train.load_checkpoint(prefix)
    by_value = {}
    for key in reader.get_variable_to_shape_map():
        tensor = reader.get_tensor(key)
        if isinstance(tensor, np.ndarray) and tensor.dtype == np.float32:
            by_value[tensor.tobytes()] = key
    return {by_value[s.numpy().tobytes()]: [by_value[o.numpy().tobytes()], w,
                                            "slot"] for s, o, w in pairs}


def unique(variables):
    rng = np.random.default_rng(7)
    for variable in variables:
        variable.assign(rng.normal(size=variable.shape).astype("float32"))


def equal_names():
    """A nested model whose layer has the name of an outer one."""
    inner = tf_keras.Sequential(
        [tf_keras.layers.Dense(2, name="dense", input_shape=(2,))],
        name="inner")
    model = tf_keras.Sequential(
        [inner, tf_keras.layers.Dense(2, name="dense")])
    model.build((None, 2))
    optimizer = tf_keras.optimizers.Adam()
    train(model, optimizer, 3)
    variables = model.trainable_variables
    unique(variables + optimizer._momentums + optimizer._velocities)
    pairs = []
    for i, variable in enumerate(variables):
        pairs += [(optimizer._momentums[i], variable, "m"),
                  (optimizer._velocities[i], variable, "v")]
    write_found("tf-bundle-object/nested-equal-names", model, optimizer, pairs)


def write_found(name, model, optimizer, pairs):
    path = folder(name)
    prefix = tf.train.Checkpoint(model=model, optimizer=optimizer).save(
        os.path.join(path, "ckpt"))
    write_truth(path, prefix, find_slots(prefix, pairs), 3)
    os.remove(os.path.join(path, "checkpoint"))


def keras3_rmsprop():
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(3, name="hidden"),
         keras.layers.Dense(1, name="head")])
    optimizer = keras.optimizers.RMSprop(momentum=0.9)
    optimizer.build(model.trainable_variables)
    for _ in range(3):
        optimizer.iterations.assign_add(1)
    variables = model.trainable_variables
    unique([v.value for v in variables + optimizer._velocities +
            optimizer._momentums])
    pairs = []
    for i, variable in enumerate(variables):
        pairs += [(optimizer._velocities[i].value, variable.value, "rms"),
                  (optimizer._momentums[i].value, variable.value, "momentum")]
    write_found("tf-bundle-object/keras3-rmsprop", model, optimizer, pairs)


class Net(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(tf.ones([2, 3]), name="w")
        self.b = tf.Variable(tf.zeros([3]), name="b", trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def __call__(self, x):
        return x @ self.w + self.b


def saved_model():
    path = folder("saved-model/module")
    tf.saved_model.save(Net(), path)
    write_truth(path, os.path.join(path, "variables/variables"), {})


def main():
    save_v1("tf-bundle/gan-with-slots", gan_with_slots)
    save_v1("tf-bundle/gan-without-slots", gan_without_slots)
    save_v1("tf-bundle/two-adams", two_adams)
    save_v1("tf-bundle/rmsprop-centred-in-scope", centred)
    save_v1("tf-bundle/partitioned", partitioned)
    save_v1("tf-bundle/averages", averaged)
    save_v1("tf-bundle/called-adam", called_adam)
    save_v1("meta-graph/gan-with-slots", gan_with_slots, meta=True)
    save_v1("tf-v1/averages", averaged, version=v1.train.SaverDef.V1)
    save_v1("tf-v1/partitioned", partitioned, version=v1.train.SaverDef.V1)
    legacy_adam()
    equal_names()
    keras3_rmsprop()
    saved_model()


main()
