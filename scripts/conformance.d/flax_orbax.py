# environments: jax
"""Training states of many optax optimizers, saved by Flax (MessagePack) and
Orbax (OCDBT and plain, Zarr 2 and 3, steps of a manager), against the live
tree: names, shapes, types, step, and slots with their owners. optax itself
says which parameter a slot belongs to (tree_map_params)."""
import os
import sys
import tempfile
import warnings

os.environ["JAX_PLATFORMS"] = "cpu"
warnings.filterwarnings("ignore")
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
import orbax.checkpoint as ocp  # noqa: E402
from flax import serialization  # noqa: E402
from flax.training import checkpoints, train_state  # noqa: E402

from judging import inspect  # noqa: E402

QUICK = "--quick" in sys.argv
CHECKS = {"states": 0, "variables": 0, "owners": 0, "canonical": 0}
WRONG = []

PARAMS = {"enc": {"Dense_0": {"kernel": jnp.ones((3, 4)),
                              "bias": jnp.ones((4,))},
                  "mu": {"scale": jnp.ones((4,), jnp.bfloat16)}},
          "head": {"kernel": jnp.ones((4, 4)), "nu": jnp.ones((4, 4))}}


# name: (optimizer, {optax's word: canonical slot})
ADAM = {"mu": "m", "nu": "v"}
OPTIMIZERS = {
    "adam": (optax.adam(1e-3), ADAM),
    "adamw": (optax.adamw(1e-3), ADAM),
    "amsgrad": (optax.amsgrad(1e-3), {**ADAM, "nu_max": "vhat"}),
    "adamax": (optax.adamax(1e-3), ADAM),
    "nadam": (optax.nadam(1e-3), ADAM),
    "radam": (optax.radam(1e-3), ADAM),
    "lamb": (optax.lamb(1e-3), ADAM),
    "yogi": (optax.yogi(1e-3), ADAM),
    "adabelief": (optax.adabelief(1e-3), ADAM),
    "sgd": (optax.sgd(0.1), {}),
    "momentum": (optax.sgd(0.1, momentum=0.9), {"trace": "momentum"}),
    "rmsprop": (optax.rmsprop(0.1), {"nu": "rms"}),
    "rmsprop-centred": (optax.rmsprop(0.1, centered=True, momentum=0.9),
                        {"nu": "rms", "mu": "mg", "trace": "momentum"}),
    "adagrad": (optax.adagrad(0.1), {"sum_of_squares": "accumulator"}),
    "adadelta": (optax.adadelta(0.1), {"e_g": "accum_grad",
                                       "e_x": "accum_var"}),
    "lion": (optax.lion(1e-3), {"mu": "momentum"}),
    "adafactor": (optax.adafactor(1e-3, min_dim_size_to_factor=4),
                  {"v_row": "row", "v_col": "column", "v": "v"}),
    "chain": (optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(
        optax.linear_schedule(0.1, 0.0, 10))), ADAM),
    "multi-steps": (optax.MultiSteps(optax.adam(1e-3), 2),
                    {**ADAM, "acc_grads": "gradient_accumulator"}),
    "labels": (optax.multi_transform(
        {"a": optax.adam(1e-3), "b": optax.sgd(0.1, momentum=0.9)},
        {"enc": "a", "head": "b"}),
        {**ADAM, "trace": "momentum"}),
    "masked": (optax.masked(optax.adam(1e-3), jax.tree_util.tree_map_with_path(
        lambda path, _: path[0].key == "enc", PARAMS)), ADAM),
    "inject": (optax.inject_hyperparams(optax.adam)(learning_rate=0.1), ADAM),
    "finite": (optax.apply_if_finite(optax.adam(1e-3), 3), ADAM),
    "ema": (optax.chain(optax.adam(1e-3), optax.ema(0.9)),
            {**ADAM, "ema": "average"}),
}


def state_of(optimizer):
    state = train_state.TrainState.create(apply_fn=None, params=PARAMS,
                                          tx=optimizer)
    for _ in range(2):
        gradients = jax.tree.map(lambda leaf: leaf * 0 + 1e-3, PARAMS)
        state = state.apply_gradients(grads=gradients)
    return state


def is_masked(leaf):
    return isinstance(leaf, optax.MaskedNode)


def flat(tree, path=()):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from flat(value, (*path, str(key)))
    elif tree is not None:
        yield "/".join(path), tree


def owners_of(state):
    """Whose state a leaf is: optax's own map puts the parameter's number,
    in the order of the tree, in the place of every slot."""
    names = sorted("params/" + key for key, _ in flat(PARAMS))
    numbered = jax.tree.unflatten(jax.tree.structure(PARAMS),
                                  range(len(names)))
    told = {}
    placed = optax.tree_map_params(
        state.tx, lambda _, number: number, state.opt_state, numbered,
        transform_non_params=lambda _: None, is_leaf=is_masked)
    for key, number in flat(serialization.to_state_dict(placed)):
        if isinstance(number, int):
            told["opt_state/" + key] = names[number]
    return told


def expect(label, path, state, words):
    CHECKS["states"] += 1
    layout, error = inspect(path)
    if layout is None:
        WRONG.append(f"{path}: {error}")
        return
    tree = dict(flat(serialization.to_state_dict(state)))
    owners = owners_of(state)
    got = {one["key"]: one for one in layout["variables"]}
    if set(got) != set(tree):
        WRONG.append(f"{label}: {sorted(set(got) ^ set(tree))[:4]}")
    for issue in layout["issues"]:
        WRONG.append(f"{label}: {issue}")
    if layout["source"]["step"] != 2:
        WRONG.append(f"{label}: step {layout['source']['step']}")
    for key, leaf in tree.items():
        if key in got:
            expect_variable(label, key, np.asarray(leaf), got[key],
                            owners.get(key), words)


def expect_variable(label, key, leaf, one, owner, words):
    CHECKS["variables"] += 1
    if one["shape"] != list(leaf.shape) or one["dtype"] != leaf.dtype.name:
        WRONG.append(f"{label}: {key}: {one['shape']} {one['dtype']}, is "
                     f"{leaf.shape} {leaf.dtype.name}")
    is_state = key.startswith("opt_state/")
    if owner and one["role"] != "bookkeeping":  # Adafactor's placeholders
        CHECKS["owners"] += 1
        slot = one.get("slot") or {}
        if slot.get("owner") != owner:
            WRONG.append(f"{label}: {key}: owner {slot.get('owner')}")
        depth = len(owner.split("/")) - 1
        word = key.split("/")[-depth - 1]
        if word in words:
            CHECKS["canonical"] += 1
            if slot.get("slot") != words[word]:
                WRONG.append(f"{label}: {key}: slot {slot.get('slot')}")
    elif is_state and not owner and one["role"] not in ("optimizer",
                                                        "bookkeeping"):
        WRONG.append(f"{label}: {key}: role {one['role']}")
    elif not is_state and key != "step" and one["role"] != "weight":
        WRONG.append(f"{label}: {key}: role {one['role']}")


def savers(state, at):
    tree = serialization.to_state_dict(state)
    file = os.path.join(at, "state.msgpack")
    with open(file, "wb") as out:
        out.write(serialization.to_bytes(state))
    yield "flax", file
    handlers = {"ocdbt": ocp.PyTreeCheckpointHandler(use_ocdbt=True),
                "plain": ocp.PyTreeCheckpointHandler(use_ocdbt=False),
                "zarr3": ocp.PyTreeCheckpointHandler(use_ocdbt=True,
                                                     use_zarr3=True)}
    for name, handler in handlers.items():
        path = os.path.join(at, name)
        with ocp.Checkpointer(handler) as checkpointer:
            checkpointer.save(path, tree)
        yield name, path
        if QUICK:
            return
    path = os.path.join(at, "run")
    with ocp.CheckpointManager(path) as manager:
        for step in (1, 2):
            manager.save(step, args=ocp.args.StandardSave(tree))
        manager.wait_until_finished()
    yield "manager", path
    path = os.path.join(at, "flax_run")
    os.environ["FLAX_USE_ORBAX_CHECKPOINTING"] = "0"
    import flax
    flax.config.update("flax_use_orbax_checkpointing", False)
    for step in (1, 9, 10):
        checkpoints.save_checkpoint(path, state, step, keep=9)
    yield "flax directory", path


with tempfile.TemporaryDirectory() as folder:
    for name, (optimizer, words) in OPTIMIZERS.items():
        at = os.path.join(folder, name)
        os.makedirs(at)
        state = state_of(optimizer)
        for saver, path in savers(state, at):
            expect(f"{name}, {saver}", path, state, words)
for line in WRONG[:40]:
    print("  " + line)
print(f"flax and orbax: {CHECKS['states']} states, {CHECKS['variables']} variables, "
      f"{CHECKS['owners']} owners, {CHECKS['canonical']} slot names; "
      f"{len(WRONG)} wrong")
sys.exit(1 if WRONG or not CHECKS["owners"] else 0)
