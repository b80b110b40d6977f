"""Writes testdata/formats/tfjs: a layers model as TensorFlow.js documents it.

Written by hand, since the converter brings half of TensorFlow's history with
it; the byte counts are those that the format demands.
Run: python make_tfjs.py ../formats/tfjs
"""
import json
import os
import struct
import sys

WEIGHTS = [("dense1/kernel", [4, 3]), ("dense1/bias", [3]),
           ("dense2/kernel", [3, 2]), ("dense2/bias", [2])]


def size(shape):
    product = 1
    for dim in shape:
        product *= dim
    return product


def dense(name, units, **more):
    return {"class_name": "Dense", "config": {"name": name, "units": units,
                                              "use_bias": True, **more}}


def main(out):
    folder = os.path.join(out, "layers-model")
    os.makedirs(folder, exist_ok=True)
    topology = {"keras_version": "tfjs-layers 4.22.0", "backend": "tensor_flow.js",
                "model_config": {"class_name": "Sequential", "config": {
                    "name": "sequential_1", "layers": [
                        dense("dense1", 3, batch_input_shape=[None, 4]),
                        dense("dense2", 2)]}}}
    document = {"modelTopology": topology, "format": "layers-model",
                "generatedBy": "TensorFlow.js tfjs-layers v4.22.0",
                "convertedBy": None,
                "weightsManifest": [{
                    "paths": ["weights.bin"],
                    "weights": [{"name": n, "shape": s, "dtype": "float32"}
                                for n, s in WEIGHTS]}]}
    with open(os.path.join(folder, "model.json"), "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    numbers = sum(size(shape) for _, shape in WEIGHTS)
    with open(os.path.join(folder, "weights.bin"), "wb") as file:
        file.write(struct.pack(f"<{numbers}f", *range(numbers)))


main(sys.argv[1])
