"""Listing 100,000 tensors: ckptdiff against the formats' Python libraries.

    python3 bench/list_headers.py build/release/bench/ckptdiff_bench

Needs torch and safetensors. Writes both files to a temporary directory, lists
them with the libraries (names, shapes, dtypes; torch without reading data:
mmap, meta), runs the benchmark's cases on the same files, and prints ratios
of CPU time, the least of several runs on either side.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import torch
from safetensors import safe_open
from safetensors.torch import save_file

COUNT = 100_000
PARTS = ("self_attn.q_proj.weight", "self_attn.k_proj.weight",
         "self_attn.v_proj.weight", "self_attn.o_proj.weight",
         "mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight",
         "input_layernorm.weight", "post_attention_layernorm.weight",
         "self_attn.q_proj.bias")


def write(directory):
    state = {f"model.layers.{i // len(PARTS)}.{PARTS[i % len(PARTS)]}":
             torch.zeros((2, 2) if i % len(PARTS) < 7 else (2,))
             for i in range(COUNT)}
    save_file(state, os.path.join(directory, "100k.safetensors"),
              metadata={"format": "pt"})
    torch.save(state, os.path.join(directory, "100k.pt"))


def list_safetensors(directory):
    path = os.path.join(directory, "100k.safetensors")
    with safe_open(path, "np") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}
        return [(name, one.get_shape(), one.get_dtype())
                for name, one in slices.items()]


def list_torch(directory):
    state = torch.load(os.path.join(directory, "100k.pt"), mmap=True,
                       map_location="meta")
    return [(name, tuple(one.shape), one.dtype)
            for name, one in state.items()]


def least(function, argument, runs):
    times = []
    for _ in range(runs):
        start = time.process_time()
        found = function(argument)
        times.append(1000 * (time.process_time() - start))
        assert len(found) == COUNT
    return min(times)


def main():
    with tempfile.TemporaryDirectory() as directory:
        write(directory)
        yardsticks = {"Safetensors": least(list_safetensors, directory, 5),
                      "Torch": least(list_torch, directory, 2)}
        result = os.path.join(directory, "result.json")
        subprocess.run(
            [sys.argv[1], "--benchmark_filter=Safetensors|TorchZip",
             "--benchmark_repetitions=5", f"--benchmark_out={result}"],
            env={**os.environ, "CKPTDIFF_BENCH_FILES": directory},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        with open(result, encoding="utf-8") as file:
            document = json.load(file)
    mine = {}
    for case in document["benchmarks"]:
        if case.get("run_type") == "iteration":
            name = case["run_name"]
            mine[name] = min(case["cpu_time"], mine.get(name, 1e9))
    for name, milliseconds in mine.items():
        library = "Torch" if "Torch" in name else "Safetensors"
        print(f"{yardsticks[library] / milliseconds:8.1f} x  {name}: "
              f"{milliseconds:.1f} ms, {library.lower()} "
              f"{yardsticks[library]:.1f} ms")


if __name__ == "__main__":
    main()
