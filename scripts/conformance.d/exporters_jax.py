"""export -> save -> check is clean; export -> rename -> check tells."""
# environments: jax
import os
import sys
import tempfile

import flax.linen as nn
import flax.serialization
import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
from flax import nnx
from flax.training.train_state import TrainState

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "python"))
sys.path.insert(0, os.path.dirname(__file__))
from exporting import Tally  # noqa: E402


class Net(nn.Module):
    first: str = "stem"

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(5, name=self.first)(x)
        x = nn.BatchNorm(use_running_average=True)(x)
        return nn.Dense(3)(x)


class Nnx(nnx.Module):
    def __init__(self, rngs, first="first"):
        setattr(self, first, nnx.Linear(6, 5, rngs=rngs))
        self.norm = nnx.BatchNorm(5, rngs=rngs)
        self.drop = nnx.Dropout(0.1, rngs=rngs)
        self.blocks = nnx.List([nnx.Linear(5, 5, rngs=rngs) for _ in range(2)])


def save_msgpack(tree, path):
    with open(path, "wb") as out:
        out.write(flax.serialization.to_bytes(tree))


def save_orbax(tree, path):
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(path, tree)


def save_pytree(tree, path):
    ocp.PyTreeCheckpointer().save(path, tree)


FORMS = {"msgpack": save_msgpack, "Orbax": save_orbax,
         "Orbax, pytree": save_pytree}


def by_layer(**transforms):
    """Each top-level module of its own kind, the last for all others."""
    last = list(transforms)[-1]
    return optax.multi_transform(transforms, lambda parameters: {
        name: name if name in transforms else last for name in parameters})


def is_matrix(parameters):
    return jax.tree_util.tree_map(lambda p: p.ndim > 1, parameters)


TRANSFORMATIONS = {
    **{name: getattr(optax, name)(1e-3) for name in (
        "adam", "adamw", "amsgrad", "sgd", "rmsprop", "adagrad", "adadelta",
        "adamax", "nadam", "lion", "lamb", "lars", "adafactor", "radam", "yogi",
        "adabelief", "novograd", "sm3", "lbfgs")},
    "momentum": optax.sgd(0.1, momentum=0.9),
    "rmsprop, all": optax.rmsprop(0.1, centered=True, momentum=0.9),
    "chain": optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
    "schedule": optax.adam(optax.cosine_decay_schedule(0.1, 10)),
    "MultiSteps": optax.MultiSteps(optax.adam(0.1), 2).gradient_transformation(),
    "inject_hyperparams": optax.inject_hyperparams(optax.adam)(
        learning_rate=0.1),
    "apply_if_finite": optax.apply_if_finite(optax.adam(0.1), 3),
    "masked": optax.masked(optax.adam(0.1), is_matrix),
    "multi_transform": by_layer(stem=optax.adam(0.1),
                                rest=optax.sgd(0.1, momentum=0.9)),
    "frozen part": by_layer(stem=optax.adam(0.1), rest=optax.set_to_zero()),
    "averages": optax.chain(optax.adam(0.1), optax.ema(0.9)),
    "muon": optax.contrib.muon(0.1),
    "schedule-free": optax.contrib.schedule_free_adamw(0.1),
    "prodigy": optax.contrib.prodigy(),
}


def trees(variables):
    arrays = {"list": [{"w": jnp.ones(2)}, {"w": jnp.ones(3)}],
              "tuple": (jnp.ones(1), jnp.ones(4)),
              "bfloat16": jnp.ones(3, jnp.bfloat16)}
    return {"linen variables": variables, "parameters": variables["params"],
            "Haiku's names": {"mlp/~/linear_0": {"w": jnp.ones((2, 3))}},
            "containers": arrays}


def nnx_cases(folder, tally):
    model = Nnx(nnx.Rngs(0))
    state = nnx.state(model).to_pure_dict()
    for form, save in {"Orbax": save_orbax, "pytree": save_pytree}.items():
        at = os.path.join(folder, f"nnx-{form}")
        save(jax.tree_util.tree_map(numbers, state), at)
        tally.clean(f"nnx, {form}", model, at)
        tally.tells(f"nnx, {form}, renamed", Nnx(nnx.Rngs(0), "renamed"), at,
                    "renamed-variable")
    at = os.path.join(folder, "nnx-optimizer")
    optimizer = nnx.Optimizer(model, optax.adam(0.1), wrt=nnx.Param)
    save_orbax({"model": nnx.state(model).to_pure_dict(), "optimizer":
                nnx.state(optimizer).to_pure_dict()}, at)
    tally.clean("nnx.Optimizer", model, at, optimizer=optimizer)


def numbers(leaf):
    """A random key as what any checkpoint can hold."""
    is_key = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return jax.random.key_data(leaf) if is_key else leaf


def main(quick):
    tally = Tally()
    variables = Net().init(jax.random.key(0), jnp.ones((1, 6)))
    renamed = Net("first").init(jax.random.key(0), jnp.ones((1, 6)))
    with tempfile.TemporaryDirectory() as folder:
        for form, save in FORMS.items():
            for name, tree in trees(variables).items():
                at = os.path.join(folder, f"{name}-{form}".replace("/", "-"))
                save(tree, at)
                tally.clean(f"{name}, {form}", tree, at)
            at = os.path.join(folder, f"linen variables-{form}")
            shapes = jax.eval_shape(lambda: variables)
            tally.clean(f"shapes alone, {form}", shapes, at)
            tally.tells(f"renamed, {form}", renamed, at, "renamed-variable")
            tally.tells(f"no optimizer, {form}", variables, at,
                        "missing-optimizer", optimizer=optax.adam(0.1).init(
                            variables["params"]))
        for name, tx in list(TRANSFORMATIONS.items())[:2 if quick else None]:
            state = TrainState.create(apply_fn=Net().apply,
                                      params=variables["params"], tx=tx)
            for form, save in FORMS.items():
                at = os.path.join(folder, f"state-{name}-{form}")
                save(state, at)
                tally.clean(f"TrainState, {name}, {form}", state, at)
                tally.clean(f"parameters and optax state, {name}, {form}",
                            state.params, at, optimizer=state.opt_state)
        at = os.path.join(folder, "model.npz")
        np.savez(at, **{"/".join(part.key for part in path): leaf for path, leaf
                        in jax.tree_util.tree_flatten_with_path(variables)[0]})
        tally.clean("npz", variables, at)
        nnx_cases(folder, tally)
    return tally.close()


sys.exit(main("--quick" in sys.argv))
