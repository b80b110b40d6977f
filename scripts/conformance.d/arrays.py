# environments: arrays
"""safetensors, NPY/NPZ, GGUF and ONNX files, written here by their own
libraries, against what those libraries read back: names, shapes, types, and
the bytes that a listing says belong to a variable."""
import hashlib
import os
import sys
import tempfile

import gguf
import ml_dtypes
import numpy as np
import onnx
from safetensors import numpy as st

from judging import inspect

QUICK = "--quick" in sys.argv
RNG = np.random.default_rng(1)
CHECKS = {"files": 0, "variables": 0, "bytes": 0}
WRONG = []


def expect(path, arrays, bytes_of=None):
    """arrays: {name: (shape, dtype)}; bytes_of: {name: bytes}"""
    CHECKS["files"] += 1
    layout, error = inspect(path)
    if layout is None:
        WRONG.append(f"{path}: {error}")
        return
    got = {one["name"]: one for one in layout["variables"]}
    if set(got) != set(arrays):
        WRONG.append(f"{path}: {sorted(set(got) ^ set(arrays))[:4]}")
    for issue in layout["issues"]:
        WRONG.append(f"{path}: {issue}")
    for name, (shape, dtype) in arrays.items():
        one = got.get(name)
        if one is None:
            continue
        CHECKS["variables"] += 1
        if one["shape"] != list(shape) or one["dtype"] != dtype:
            WRONG.append(f"{path}: {name}: {one['shape']} {one['dtype']}, "
                         f"is {shape} {dtype}")
        if bytes_of and name in bytes_of:
            expect_bytes(path, one, bytes_of[name])


def expect_bytes(path, one, want):
    data = one.get("data")
    if not data:
        return
    file = data.get("file")
    if file:
        path = os.path.join(os.path.dirname(path), file)
    with open(path, "rb") as opened:
        opened.seek(data["offset"])
        have = opened.read(data["size"])
    CHECKS["bytes"] += 1
    if hashlib.sha256(have).digest() != hashlib.sha256(want).digest():
        WRONG.append(f"{path}: {one['name']}: other bytes")


def shapes():
    for rank in range(1 if QUICK else 5):
        for _ in range(3):
            yield tuple(int(dim) for dim in RNG.integers(0, 6, size=rank))


DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64",
          "uint8", "uint16", "uint32", "uint64", "bool"]


def arrays(dtypes):
    out = {}
    for dtype in dtypes:
        for i, shape in enumerate(shapes()):
            values = RNG.integers(0, 200, size=shape)
            out[f"layers.{i}.{dtype}"] = np.asarray(values).astype(dtype)
    return out


def known(values):
    return {name: (one.shape, one.dtype.name) for name, one in values.items()}


def raw(values):
    return {name: np.ascontiguousarray(one).tobytes()
            for name, one in values.items()}


def safetensors(at):
    values = arrays(DTYPES)
    values["odd \"name\"\n/ключ"] = np.ones(3, "float32")
    path = os.path.join(at, "a.safetensors")
    st.save_file(values, path, {"format": "np"})
    expect(path, known(values), raw(values))
    special = {name: np.ones((2, 3), getattr(ml_dtypes, name)) for name in
               ("bfloat16", "float8_e4m3fn", "float8_e5m2")}
    path = os.path.join(at, "b.safetensors")
    st.save_file(special, path)
    expect(path, known(special), raw(special))


def npz(at):
    values = arrays(DTYPES + ["complex64", "complex128"])
    for name, save in (("a", np.savez), ("b", np.savez_compressed)):
        path = os.path.join(at, name + ".npz")
        save(path, **values)
        expect(path, known(values), raw(values) if name == "a" else None)
    for i, (name, one) in enumerate(values.items()):
        path = os.path.join(at, f"n{i}.npy")
        one = np.asfortranarray(one)  # a scalar becomes [1]
        np.save(path, one)
        expect(path, {f"n{i}": (one.shape, one.dtype.name)})
    odd = {"text": np.array(["ab", "c"]), "bytes": np.array([b"abc"]),
           "when": np.array(["2020-01-01"], "datetime64[D]"),
           "big": np.arange(3, dtype=">i4")}
    path = os.path.join(at, "odd.npz")
    np.savez(path, **odd)
    expect(path, known(odd))


def gguf_files(at):
    plain = {f"blk.{i}.{dtype}": RNG.normal(size=(i + 1, 32)).astype(dtype)
             for i, dtype in enumerate(("float32", "float16", "float64"))}
    for big in (False, True):
        path = os.path.join(at, f"big_{big}.gguf")
        end = gguf.GGUFEndian.BIG if big else gguf.GGUFEndian.LITTLE
        writer = gguf.GGUFWriter(path, "llama", endianess=end)
        writer.add_array("tokenizer.ggml.tokens", [f"t{i}" for i in range(99)])
        writer.add_custom_alignment(64)
        for name, one in plain.items():
            writer.add_tensor(name, one.copy())
        said = known(plain)
        kinds = () if big else ("Q4_0", "Q8_0", "Q5_1", "BF16", "Q4_1")
        for kind in kinds:
            kind = gguf.GGMLQuantizationType[kind]
            data = gguf.quants.quantize(RNG.normal(size=(3, 64)).astype("f4"),
                                        kind)
            writer.add_tensor(kind.name, data, raw_dtype=kind)
            name = {"BF16": "bfloat16"}.get(kind.name, kind.name.lower())
            said[kind.name] = ((3, 64), name)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        expect(path, said, None if big else raw(plain))


def onnx_files(at):
    values = arrays(DTYPES + ["complex64"])
    made = [onnx.numpy_helper.from_array(one, name)
            for name, one in values.items()]
    said = known(values)
    for i, (kind, name) in enumerate((
            ("BFLOAT16", "bfloat16"), ("INT4", "int4"), ("UINT4", "uint4"),
            ("FLOAT8E4M3FN", "float8_e4m3fn"), ("FLOAT", "float32"))):
        kind = getattr(onnx.TensorProto, kind)
        made.append(onnx.helper.make_tensor(f"typed.{i}", kind, [3], [1, 2, 3]))
        said[f"typed.{i}"] = ((3,), name)
    graph = onnx.helper.make_graph([], "graph", [], [], made)
    for name, one_file in (("a", None), ("b", True), ("c", False)):
        folder = os.path.join(at, "onnx_" + name)
        os.makedirs(folder)
        path = os.path.join(folder, "model.onnx")
        model = onnx.helper.make_model(graph)
        if one_file is None:
            onnx.save_model(model, path)
        else:
            onnx.save_model(model, path, save_as_external_data=True,
                            all_tensors_to_one_file=one_file, size_threshold=8)
        expect(path, said, raw(values))


with tempfile.TemporaryDirectory() as folder:
    for make in (safetensors, npz, gguf_files, onnx_files):
        at = os.path.join(folder, make.__name__)
        os.makedirs(at)
        make(at)
for line in WRONG[:40]:
    print("  " + line)
print(f"arrays: {CHECKS['files']} files, {CHECKS['variables']} variables, "
      f"{CHECKS['bytes']} byte ranges; {len(WRONG)} wrong")
sys.exit(1 if WRONG or not CHECKS["variables"] else 0)
