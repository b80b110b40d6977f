"""Trees of arrays: Flax linen variables, TrainState, nnx modules, optax."""
import dataclasses

from . import _document as doc


def knows(model, modules):
    return _is_nnx(model, modules) or any(True for _ in _leaves(model))


def _is_nnx(model, modules):
    nnx = modules.get("flax.nnx")
    return nnx is not None and isinstance(model, nnx.Module)


def layout(model, optimizer):
    import sys
    if _is_nnx(model, sys.modules):
        model = sys.modules["flax.nnx"].state(model).to_pure_dict()
    variables = []
    for path, leaf in _leaves(model):
        variables.append(_entry(path, leaf))
    optimizers = []
    if optimizer is not None:
        names = {v["name"] for v in variables if v["role"] == "weight"}
        kinds = []
        for path, leaf in _leaves(optimizer):
            entry = _state("opt_state/" + path, leaf, names)
            if entry["role"] == "slot" and entry["slot"]["slot"] not in kinds:
                kinds.append(entry["slot"]["slot"])
            variables.append(entry)
        optimizers.append(doc.optimizer("optax", None, kinds))
    return doc.document("flax", variables, (), optimizers)


def _entry(path, leaf):
    is_step = path == "step"
    statistics = path.startswith("batch_stats/")
    return doc.variable(path, leaf.shape, doc.dtype_name(leaf.dtype),
                        role="step" if is_step else "weight",
                        trainable=False if statistics else None)


def _state(path, leaf, names):
    """A leaf of an optax state: the rest of its path is a parameter's path."""
    parts = path.split("/")
    for i in range(1, len(parts)):
        rest = "/".join(parts[i:])
        for owner in (rest, "params/" + rest):
            if owner in names:
                kind = doc.canonical_slot("", parts[i - 1])
                return doc.slot(owner, "optax", kind, leaf.shape,
                                doc.dtype_name(leaf.dtype), name=path)
    return doc.variable(path, leaf.shape, doc.dtype_name(leaf.dtype),
                        role="optimizer")


def _leaves(tree, prefix=""):
    """(path, array) in the order and under the names of flax.serialization."""
    if hasattr(tree, "shape") and hasattr(tree, "dtype"):
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
