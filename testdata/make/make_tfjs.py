"""Writes testdata/formats/tfjs: models that the real converter wrote.

tensorflowjs 4.22.0 with TensorFlow 2.15.1: python make_tfjs.py ../formats/tfjs
The converter imports more than it needs here (decision forests, jax), and says
np.object: stand-ins do.
"""
import json
import os
import shutil
import sys
import tempfile
import types

import numpy as np

np.object, np.bool = object, bool
for name in ("tensorflow_decision_forests", "jax", "jax.experimental",
             "jax.experimental.jax2tf"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["jax"].experimental = sys.modules["jax.experimental"]
sys.modules["jax.experimental"].jax2tf = sys.modules["jax.experimental.jax2tf"]

import tensorflow as tf  # noqa: E402
import tensorflowjs as tfjs  # noqa: E402


def model():
    tf.keras.utils.set_random_seed(1)
    return tf.keras.Sequential([
        tf.keras.layers.Input((6,)),
        tf.keras.layers.Dense(4, name="dense1"),
        tf.keras.layers.BatchNormalization(name="norm"),
        tf.keras.layers.Dense(2, name="dense2"),
    ], name="net")


def write_truth(path, variables):
    truth = {"variables": variables, "slots": {}, "step": None}
    with open(os.path.join(path, "truth.json"), "w") as out:
        json.dump(truth, out, indent=1, sort_keys=True)
        out.write("\n")


def folder(out, name):
    path = os.path.join(out, name)
    shutil.rmtree(path, ignore_errors=True)
    return path


def write_layers(out):
    """Kernels as uint8, the rest as float16; one stream cut in three."""
    path = folder(out, "layers-quantized")
    net = model()
    tfjs.converters.save_keras_model(
        net, path, weight_shard_size_bytes=40,
        quantization_dtype_map={"uint8": "*/kernel", "float16": "norm/*"})
    write_truth(path, {
        v.name.split(":")[0]: {"shape": list(v.shape), "dtype": "float32"}
        for v in net.weights})


def write_graph(out):
    """Frozen and folded: the names are those of the graph's constants."""
    path = folder(out, "graph-model")

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(tf.ones([3, 2]))

        @tf.function(input_signature=[tf.TensorSpec([None, 3])])
        def __call__(self, x):
            return tf.gather(x @ self.w, [1, 0], axis=1)

    with tempfile.TemporaryDirectory() as saved:
        tf.saved_model.save(Net(), saved)
        tfjs.converters.convert_tf_saved_model(saved, path)
    with open(os.path.join(path, "model.json")) as file:
        document = json.load(file)
    # What tf.loadGraphModel goes by.
    write_truth(path, {
        w["name"]: {"shape": w["shape"], "dtype": w["dtype"]}
        for group in document["weightsManifest"] for w in group["weights"]})


def main(out):
    write_layers(out)
    write_graph(out)


if __name__ == "__main__":
    main(sys.argv[1])
