"""Writes testdata/seed: five ways in which a checkpoint of TensorFlow or Keras
and a model come to disagree, one folder each.

In every folder `saved` is what was written and `model` what is asked for now.
Written with TensorFlow 2.21.0, tf_keras 2.21.0 and Keras 3.15.1:
python make_seed.py ../seed
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402
import keras  # noqa: E402

v1 = tf.compat.v1
OUT = sys.argv[1]


def at(*parts):
    path = os.path.join(OUT, *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


# ---- TF1: a bundle, and the .meta of the graph that wants it.

def write_bundle(path, build):
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        build()
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, path, write_meta_graph=False)
    os.remove(os.path.join(os.path.dirname(path), "checkpoint"))


def write_meta(path, build):
    with tf.Graph().as_default():
        build()
        graph = v1.train.Saver().export_meta_graph(clear_devices=True,
                                                   strip_default_attrs=True)
        del graph.meta_info_def.stripped_op_list.op[:]  # half of the file
        with open(path, "wb") as out:
            out.write(graph.SerializeToString())


def chain(names, width=3):
    weights = [v1.get_variable(name, [width, width]) for name in names]
    return weights, tf.add_n([tf.reduce_sum(w) for w in weights])


NAMES = [f"layer{i}/{w}" for i in (1, 2, 3) for w in ("w", "u")]


def trained(names, model_scope="", optimizer_scope=""):
    with v1.variable_scope(model_scope):
        weights, loss = chain(names)
    with v1.variable_scope(optimizer_scope):
        v1.train.AdamOptimizer(1e-3).minimize(loss, var_list=weights)


def scopes():
    write_bundle(at("scope", "saved"), lambda: trained(NAMES))
    write_meta(at("scope", "model.meta"), lambda: trained(NAMES, "net"))
    write_meta(at("scope", "optimizer.meta"),
               lambda: trained(NAMES, "", "training"))


def layers():
    first, second = NAMES[:4], NAMES[4:]
    write_bundle(at("layers", "saved"), lambda: chain(NAMES))
    write_bundle(at("layers", "first-half"), lambda: chain(first))
    write_bundle(at("layers", "other"),
                 lambda: chain([f"conv{i}/filters" for i in range(5)], 7))
    write_meta(at("layers", "model.meta"), lambda: chain(NAMES))
    write_meta(at("layers", "more.meta"),
               lambda: chain(NAMES + ["extra/w", "extra/u"]))
    write_meta(at("layers", "fewer.meta"), lambda: chain(first))


# ---- Keras: dense1, dense2 became dense_1, dense_2.

def two_layers(K, names):
    K.backend.clear_session()
    x = K.Input((3,), name="in")
    y = K.layers.Dense(4, name=names[0])(x)
    y = K.layers.Dense(2, name=names[1])(y)
    model = K.Model(x, y, name="model")
    model.compile(K.optimizers.Adam(), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def renamed():
    for side, names in (("saved", ("dense1", "dense2")),
                        ("model", ("dense_1", "dense_2"))):
        two = two_layers(tf_keras, names)
        two.save(at("renamed", side + ".h5"))
        folder = os.path.dirname(at("renamed", side, "x"))
        two.save_weights(os.path.join(folder, "weights"), save_format="tf")
        os.remove(os.path.join(folder, "checkpoint"))
        three = two_layers(keras, names)
        three.save(at("renamed", side + ".keras"))
        three.save_weights(at("renamed", side + ".weights.h5"))


# ---- Keras: a layer whose w and b are tensors and no variables.

def plain(K):
    class Linear(K.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.w = tf.random.normal([4, 4])
            self.b = tf.zeros([4])

        def call(self, x):
            return tf.matmul(x, self.w) + self.b

    K.backend.clear_session()
    return K.Sequential([K.Input((3,)), K.layers.Dense(4, name="before"),
                         Linear(name="linear"),
                         K.layers.Dense(2, name="after")], name="net")


def plain_tensors():
    two = plain(tf_keras)
    two.save_weights(at("plain-tensors", "saved.h5"), save_format="h5")
    folder = os.path.dirname(at("plain-tensors", "saved", "x"))
    two.save_weights(os.path.join(folder, "weights"), save_format="tf")
    os.remove(os.path.join(folder, "checkpoint"))
    plain(keras).save_weights(at("plain-tensors", "saved.weights.h5"))


scopes()
layers()
renamed()
plain_tensors()
