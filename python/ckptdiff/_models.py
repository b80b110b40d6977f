"""Which framework a model is of, told without importing any."""
import sys

from . import _keras, _pytorch, _tensorflow, _trees


def layout(model, optimizer=None):
    """The layout document (ckptdiff/layout/v1) of what `model` expects."""
    # Keras first: its layers are tf.Modules, or with another backend torch's.
    for framework in (_keras, _pytorch, _tensorflow, _trees):
        if framework.knows(model, sys.modules):
            return framework.layout(model, optimizer)
    raise TypeError(
        f"cannot tell the layout of a {type(model).__module__}."
        f"{type(model).__qualname__}: neither a torch or Keras model, a "
        "state_dict, a tf.Module, tf.train.Checkpoint or tf.Graph, an "
        "nnx.Module, nor a tree of arrays")
