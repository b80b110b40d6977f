"""Writes the fixtures of the array formats below testdata/formats.

Beside each stands truth.json: what the libraries' own readers say is in it.
Written with safetensors 0.8.0, numpy 2.4.6, gguf 0.19.0 and onnx 1.23.0:
python make_arrays.py ../formats
"""
import json
import os
import sys

import gguf
import numpy as np
import onnx
from safetensors import safe_open
from safetensors.numpy import save_file

OUT = sys.argv[1]
RNG = np.random.default_rng(0)


def folder(name):
    path = os.path.join(OUT, name)
    os.makedirs(path, exist_ok=True)
    return path


def write_truth(path, variables, slots=None, step=None):
    """variables: {key: (shape, dtype)}"""
    said = {key: {"shape": [int(dim) for dim in shape], "dtype": dtype}
            for key, (shape, dtype) in sorted(variables.items())}
    truth = {"variables": said, "slots": slots or {}, "step": step}
    with open(os.path.join(path, "truth.json"), "w") as out:
        json.dump(truth, out, indent=1, sort_keys=True)
        out.write("\n")


def array(*shape, dtype="float32"):
    return RNG.normal(size=shape).astype(dtype)


def one_shard():
    """A pair of causes: the first of two shards, and the same as a whole."""
    for case, name in (("fires", "actual-00001-of-00002.safetensors"),
                       ("silent", "actual.safetensors")):
        path = folder("../causes/wrong-path-form/" + case)
        part = {"fc1.weight": array(3, 4), "fc1.bias": array(3)}
        rest = {"fc2.weight": array(2, 3), "fc2.bias": array(2)}
        save_file(part, os.path.join(path, name))
        save_file(part | rest, os.path.join(path, "expected.safetensors"))


def listed(file):
    names = {"F32": "float32", "F16": "float16", "I64": "int64"}
    with safe_open(file, "numpy") as opened:
        slices = {key: opened.get_slice(key) for key in opened.keys()}
        return {key: (one.get_shape(), names[one.get_dtype()])
                for key, one in slices.items()}


def safetensors():
    path = folder("safetensors/plain")
    file = os.path.join(path, "model.safetensors")
    save_file({"fc.weight": array(3, 4), "fc.bias": array(3),
               "norm.num_batches_tracked": np.array(7, "int64"),
               "half": array(2, dtype="float16"), "empty": array(0, 4)},
              file, {"format": "pt", "step": "12"})
    write_truth(path, listed(file), step=12)

    path = folder("safetensors/sharded")
    weight_map, variables = {}, {}
    for number in (1, 2):
        name = f"model-{number:05}-of-00002.safetensors"
        file = os.path.join(path, name)
        save_file({f"layers.{number}.weight": array(4, 4),
                   f"layers.{number}.bias": array(4)}, file, {"format": "pt"})
        variables.update(listed(file))
        weight_map.update({key: name for key in listed(file)})
    index = {"metadata": {"total_size": 160}, "weight_map": weight_map}
    with open(os.path.join(path, "model.safetensors.index.json"), "w") as out:
        json.dump(index, out, indent=1)
    write_truth(path, variables)


def npz():
    path = folder("npz/nested")
    arrays = {"params/kernel": array(2, 3), "bias": array(3, dtype="float64"),
              "fortran": np.asfortranarray(array(2, 3)),
              "big_endian": array(2).astype(">f4"), "count": np.int64(3)}
    np.savez_compressed(os.path.join(path, "weights.npz"), **arrays)
    write_truth(path, {key: (np.shape(one), np.asarray(one).dtype.name)
                       for key, one in arrays.items()})

    path = folder("npy/structured")
    table = np.zeros(2, dtype=[("id", "<i4"), ("value", "<f8", (2,))])
    np.save(os.path.join(path, "table.npy"), table)
    write_truth(path, {"table": (table.shape, table.dtype.name)})


def write_gguf(file, tensors, quantized=None):
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_block_count(1)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "c"])
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    for name, tensor in (quantized or {}).items():
        kind = gguf.GGMLQuantizationType.Q8_0
        data = gguf.quants.quantize(tensor, kind)
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def gguf_files():
    path = folder("gguf/llama")
    file = os.path.join(path, "model.gguf")
    write_gguf(file, {"token_embd.weight": array(5, 32),
                      "output_norm.weight": array(32)},
               {"blk.0.attn_q.weight": array(4, 64)})
    names = {"F32": "float32"}
    write_truth(path, {
        one.name: ([int(dim) for dim in reversed(one.shape)],
                   names.get(one.tensor_type.name,
                             one.tensor_type.name.lower()))
        for one in gguf.GGUFReader(file).tensors})


def onnx_files():
    path = folder("onnx/external")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    weights = {"fc.weight": array(16, 4), "fc.bias": array(16),
               "shape": np.array([1, 4], "int64")}
    initializers = [numpy_helper.from_array(one, name)
                    for name, one in weights.items()]
    real = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "fc.weight", "fc.bias"], ["y"],
                          transB=1)], "graph",
        [helper.make_tensor_value_info("x", real, [1, 4])],
        [helper.make_tensor_value_info("y", real, [1, 16])], initializers)
    onnx.save_model(helper.make_model(graph, producer_name="fixture"),
                    os.path.join(path, "model.onnx"),
                    save_as_external_data=True, location="weights.data",
                    size_threshold=100)
    write_truth(path, {name: (one.shape, one.dtype.name)
                       for name, one in weights.items()})


one_shard()
safetensors()
npz()
gguf_files()
onnx_files()
