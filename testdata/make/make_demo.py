"""Writes testdata/demo/gan: the checkpoint and the graph of the README.

A GAN whose discriminator got an optimizer only after the checkpoint was saved:
the graph asks for `d_w1/Adam`, the file never had it. Run with TensorFlow
(written with 2.21.0): python make_demo.py ../demo/gan
"""
import os
import random
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf  # noqa: E402

tf.disable_v2_behavior()


def build(z):
    with tf.variable_scope("", reuse=tf.AUTO_REUSE):
        def generator(x):
            w1 = tf.get_variable("g_w1", [4, 8])
            b1 = tf.get_variable("g_b1", [8])
            w2 = tf.get_variable("g_w2", [8, 6])
            return tf.matmul(tf.nn.relu(tf.matmul(x, w1) + b1), w2)

        def discriminator(x):
            w1 = tf.get_variable("d_w1", [6, 5])
            b1 = tf.get_variable("d_b1", [5])
            w2 = tf.get_variable("d_w2", [5, 1])
            b2 = tf.get_variable("d_b2", [1])
            return tf.matmul(tf.nn.relu(tf.matmul(x, w1) + b1), w2) + b2

        return discriminator(generator(z))


def main(out):
    os.makedirs(out, exist_ok=True)
    prefix = os.path.join(out, "model.ckpt")
    random.seed(0)
    tf.set_random_seed(0)
    score = build(tf.ones([2, 4]))
    variables = tf.trainable_variables()
    g = [v for v in variables if v.name.startswith("g_")]
    d = [v for v in variables if v.name.startswith("d_")]
    train_g = tf.train.AdamOptimizer(1e-3).minimize(
        -tf.reduce_mean(score), var_list=g)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train_g)
        tf.train.Saver().save(session, prefix, write_meta_graph=False)
    tf.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(score), var_list=d)
    tf.train.Saver().export_meta_graph(prefix + ".meta",
                                       clear_devices=True,
                                       strip_default_attrs=True)
    os.remove(os.path.join(out, "checkpoint"))


main(sys.argv[1])
