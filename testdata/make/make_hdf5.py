"""Writes HDF5 files that no Keras wrote: what a reader must bear, or refuse.

Written with h5py 3.16.0: python make_hdf5.py ../malformed/hdf5
"""
import os
import sys

import h5py
import numpy as np

OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)


def store(name):
    return h5py.File(os.path.join(OUT, name), "w")


# Every way to keep data somewhere else, in the store of one Dense.
with store("elsewhere.weights.h5") as file:
    group = file.create_group("layers/dense/vars")
    group["0"] = h5py.ExternalLink("/etc/hostname.h5", "/kernel")
    group["1"] = h5py.SoftLink("/layers/dense_1/vars/1")
    group.create_dataset("2", (4,), "f4", external=[("other.bin", 0, 16)])
    source = h5py.VirtualSource("other.h5", "x", shape=(4,), dtype="f4")
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = source
    group.create_virtual_dataset("3", layout)
    other = file.create_group("layers/dense_1/vars")
    other["0"] = np.ones((3, 4), "f4")
    other["1"] = np.ones((4,), "f4")

# Types, layouts and values that a Keras file may hold.
with store("types.weights.h5") as file:
    group = file.create_group("vars")
    bfloat = group.create_dataset("0", (2,), np.dtype("V2"))
    bfloat.attrs["dtype"] = "bfloat16"
    group["1"] = np.array([True, False])
    group["2"] = np.ones(3, "complex64")
    group["3"] = np.ones(3, ">f8")
    group["4"] = np.ones(2, "uint8")
    group["5"] = np.int64(1441836)
    group.create_dataset("6", (100, 100), "f4", chunks=(10, 100),
                         compression="gzip")[:] = 1
    group["7"] = np.array([b"a", b"bcd"])
    group.create_dataset("8", (5,), "f4")  # never written
    group["9"] = np.zeros((0, 3), "f4")

# A group that holds itself, by a hard link.
with store("cycle.weights.h5") as file:
    group = file.create_group("layers/dense/vars")
    group["0"] = np.ones((2, 2), "f4")
    group["back"] = file["layers"]

with store("tables.h5") as file:
    file.attrs["PYTABLES_FORMAT_VERSION"] = "2.1"
    file.create_group("predictions")
with store("features.h5") as file:
    file["my_data"] = np.ones(3)
    file["my_labels"] = np.ones(3)
