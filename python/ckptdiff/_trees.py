"""Trees of arrays: Flax linen variables, TrainState, nnx modules, optax.

What a leaf is (a weight, a slot, whose) its path tells; the program reads paths
of checkpoints and of this layout alike.
"""
import dataclasses
import sys

from . import _document as doc


def knows(model, modules):
    return _is_nnx(model, modules) or any(True for _ in _leaves(model))


def _is_nnx(model, modules):
    nnx = modules.get("flax.nnx")
    kinds = [getattr(nnx, name, None) for name in ("Module", "Optimizer")]
    return isinstance(model, tuple(kind for kind in kinds if kind is not None))


def layout(model, optimizer):
    is_nnx = _is_nnx(model, sys.modules)
    tree = _plain(model)
    if optimizer is not None:  # what both are saved under
        state = _plain(optimizer)
        if is_nnx:
            tree = {"model": tree, "optimizer": state}
        elif any(path.startswith("params/") for path, _ in _leaves(tree)):
            tree = {**dict(_children(tree)), "opt_state": state}
        else:
            tree = {"params": tree, "opt_state": state}
    return doc.document("flax", [_entry(path, leaf)
                                 for path, leaf in _leaves(tree)])


def _plain(tree):
    """The state of an nnx object; any other tree as it is."""
    if _is_nnx(tree, sys.modules):
        tree = sys.modules["flax.nnx"].state(tree)
    return tree.to_pure_dict() if hasattr(tree, "to_pure_dict") else tree


def _entry(path, leaf):
    if isinstance(leaf, (int, float, complex)):
        return doc.variable(path, (), None, role=None)
    if str(leaf.dtype).startswith("key<"):  # a random key is saved as numbers
        jax = sys.modules["jax"]
        leaf = jax.eval_shape(jax.random.key_data, leaf)
    return doc.variable(path, leaf.shape, doc.dtype_name(leaf.dtype), role=None)


def _leaves(tree, prefix=""):
    """(path, array or number) in the order and under the names of
    flax.serialization."""
    is_array = hasattr(tree, "shape") and hasattr(tree, "dtype")
    if is_array or isinstance(tree, (int, float, complex)) and prefix:
        yield prefix, tree
        return
    for name, child in _children(tree):
        yield from _leaves(child, f"{prefix}/{name}" if prefix else str(name))


def _children(tree):
    if hasattr(tree, "items"):
        return list(tree.items())
    if hasattr(tree, "_fields"):  # a named tuple
        return list(zip(tree._fields, tree))
    if isinstance(tree, (list, tuple)):
        return [(str(i), child) for i, child in enumerate(tree)]
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        # flax.struct: fields marked pytree_node=False are no state.
        return [(f.name, getattr(tree, f.name))
                for f in dataclasses.fields(tree)
                if f.metadata.get("pytree_node", True)]
    return []
