"""Writes the Flax and Orbax fixtures below testdata/formats.

Beside each stands truth.json: names, shapes and types of the tree that was
saved; slots and owners from values: every array holds a number that nothing
else holds, and optax's own tree says which parameter a slot belongs to.
Written with jax 0.10.2, flax 0.12.8, optax 0.2.8 and orbax-checkpoint 0.12.8:
python make_jax.py ../formats
"""
import json
import os
import shutil
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
import orbax.checkpoint as ocp  # noqa: E402
from flax import serialization  # noqa: E402
from flax.training import train_state  # noqa: E402

OUT = os.path.abspath(sys.argv[1])
WORDS = {"mu": "m", "nu": "v", "trace": "momentum",
         "acc_grads": "gradient_accumulator"}


def folder(name):
    path = os.path.join(OUT, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def state(optimizer):
    params = {"encoder": {"kernel": jnp.ones((3, 2)), "bias": jnp.ones(2)},
              "head": {"kernel": jnp.ones((2, 4), jnp.bfloat16)}}
    return train_state.TrainState.create(
        apply_fn=None, params=params, tx=optimizer).replace(step=5)


def flat(tree, path=()):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from flat(value, (*path, key))
    elif tree is not None:
        yield path, tree


def write_truth(path, tree, step):
    """Slots: behind optax's word stands the parameter's path."""
    variables, slots = {}, {}
    for parts, leaf in flat(tree):
        key = "/".join(parts)
        leaf = np.asarray(leaf)
        variables[key] = {"shape": list(leaf.shape), "dtype": leaf.dtype.name}
        for i, word in enumerate(parts):
            if parts[0] == "opt_state" and word in WORDS:
                owner = "/".join(("params", *parts[i + 1:]))
                slots[key] = [owner, WORDS[word], "slot"]
                break
    truth = {"variables": dict(sorted(variables.items())),
             "slots": dict(sorted(slots.items())), "step": step}
    with open(os.path.join(path, "truth.json"), "w") as out:
        json.dump(truth, out, indent=1, sort_keys=True)
        out.write("\n")


def save_flax(name, optimizer):
    path = folder(name)
    saved = state(optimizer)
    with open(os.path.join(path, "checkpoint_5"), "wb") as out:
        out.write(serialization.to_bytes(saved))
    write_truth(path, serialization.to_state_dict(saved), 5)


def save_orbax(name, handler, optimizer):
    path = folder(name)
    saved = serialization.to_state_dict(state(optimizer))
    with ocp.Checkpointer(handler) as checkpointer:
        checkpointer.save(os.path.join(path, "run", "5", "default"), saved)
    for directory, _, files in os.walk(path):
        for file in files:  # the absolute path of this machine
            if file == "commit_success.txt":
                os.remove(os.path.join(directory, file))
    write_truth(path, saved, 5)


save_flax("flax-msgpack/adam", optax.adam(1e-3))
save_flax("flax-msgpack/labels", optax.multi_transform(
    {"a": optax.adam(1e-3), "b": optax.sgd(0.1, momentum=0.9)},
    {"encoder": "a", "head": "b"}))
save_orbax("orbax/plain", ocp.PyTreeCheckpointHandler(use_ocdbt=False),
           optax.sgd(0.1, momentum=0.9))
save_orbax("orbax/ocdbt", ocp.PyTreeCheckpointHandler(use_ocdbt=True),
           optax.MultiSteps(optax.adam(1e-3), 2))
save_orbax("orbax/zarr3", ocp.PyTreeCheckpointHandler(
    use_ocdbt=True, use_zarr3=True), optax.chain(
        optax.clip_by_global_norm(1.0), optax.adamw(1e-3)))
