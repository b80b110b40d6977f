"""export -> save -> check is clean; export -> rename -> check tells."""
# environments: jax
import os
import sys
import tempfile

import flax.linen as nn
import flax.serialization
import jax
import jax.numpy as jnp
import optax
import orbax.checkpoint as ocp
from flax import nnx
from flax.training.train_state import TrainState

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "python"))
sys.path.insert(0, os.path.dirname(__file__))
import ckptdiff  # noqa: E402
from exporting import Tally  # noqa: E402


class Net(nn.Module):
    first: str = "stem"

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(5, name=self.first)(x)
        x = nn.BatchNorm(use_running_average=True)(x)
        return nn.Dense(3)(x)


class Nnx(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Linear(6, 5, rngs=rngs)
        self.second = nnx.Linear(5, 3, rngs=rngs)


def main(quick):
    tally = Tally()
    variables = Net().init(jax.random.key(0), jnp.ones((1, 6)))
    renamed = Net("first").init(jax.random.key(0), jnp.ones((1, 6)))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.msgpack")
        with open(path, "wb") as out:
            out.write(flax.serialization.to_bytes(variables))
        tally.clean("linen variables", variables, path)
        tally.tells("renamed", renamed, path, "renamed-variable")
        for name, tx in {"adam": optax.adam(1e-3),
                         "sgd": optax.sgd(0.1, momentum=0.9)}.items():
            state = TrainState.create(apply_fn=Net().apply,
                                      params=variables["params"], tx=tx)
            with open(path, "wb") as out:
                out.write(flax.serialization.to_bytes(state))
            tally.clean(f"TrainState, {name}", {"params": state.params}, path,
                        optimizer=state.opt_state)
        at = os.path.join(folder, "orbax")
        model = Nnx(nnx.Rngs(0))
        with ocp.StandardCheckpointer() as checkpointer:
            checkpointer.save(at, nnx.state(model).to_pure_dict())
        tally.clean("nnx in Orbax", model, at)
    return tally.close()


sys.exit(main("--quick" in sys.argv))
