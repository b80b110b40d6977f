"""Keras 2 (tf_keras, tf.keras up to 2.15) and Keras 3 models and layers."""
import collections

from . import _document as doc


def _libraries(modules):
    for name in ("keras", "tf_keras"):
        if name in modules and hasattr(modules[name], "layers"):
            yield modules[name]
    tensorflow = modules.get("tensorflow")
    keras = getattr(tensorflow, "keras", None) if tensorflow else None
    if keras is not None:
        yield keras


def knows(model, modules):
    return any(isinstance(model, library.layers.Layer)
               for library in _libraries(modules))


def layout(model, optimizer):
    if not model.built:
        raise ValueError(
            f"{model.name} is not built: call it on an input, or build() it")
    layers = _layers(model)
    entries = _weights(model, layers)
    variables = list(entries.values())
    optimizers = []
    # That of a compiled model is compared where the checkpoint has one; who
    # passes one demands it.
    demanded = optimizer is not None
    if not demanded:
        optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        optimizers, slots = _optimizer(optimizer, model, entries, demanded)
        variables += slots
    classes = {layer.name: type(layer).__name__ for _, layer in layers.values()}
    return doc.document("keras", variables,
                        doc.layer_list(classes, variables), optimizers,
                        addressed_by="order" if _goes_by_order(model)
                        else "name")


def _goes_by_order(model):
    """Subclassed models are saved by attribute."""
    return any(base.__name__ in ("Functional", "Sequential")
               for base in type(model).__mro__)


def _layers(model):
    """id of a variable -> (path of the layer that holds it, the layer)."""
    owners = {}

    def visit(layer, path):
        inner = list(getattr(layer, "layers", None) or [])
        for child in inner:
            visit(child, path + (child.name,))
        if inner and layer is model:
            return
        for v in layer.weights:
            owners.setdefault(id(v), (path, layer))

    visit(model, ())
    return owners


def _name(variable):
    """`path` of Keras 3; `name` of Keras 2 without its `:0`."""
    path = getattr(variable, "path", None)
    return path if isinstance(path, str) else variable.name.split(":")[0]


def _weights(model, layers):
    """id of a variable -> its entry. Nested models repeat names: those have a
    key, which leads through the layers."""
    held = [v for v in model.weights if hasattr(v, "dtype")]  # no vocabularies
    names = [_name(v) for v in held]
    repeats = collections.Counter(names)
    trainable = {id(v) for v in model.trainable_variables}
    entries, keys = {}, set()
    for v, name in zip(held, names):
        path, layer = layers.get(id(v), ((), None))
        key = None
        if repeats[name] > 1:
            key = "/".join(path + (name.rpartition("/")[2],))
            key = doc.unused(key, keys)
        entries[id(v)] = doc.variable(
            name, v.shape, doc.dtype_name(v.dtype), key=key,
            layer=layer.name if layer is not None else None,
            trainable=id(v) in trainable)
    return entries


# ----------------------------------------------------------------- optimizers

# Canonical slots of each class before its first step.
_KEPT_LATER = {
    "adam": ["m", "v"], "adamw": ["m", "v"], "nadam": ["m", "v"],
    "adamax": ["m", "v"], "lamb": ["m", "v"], "adagrad": ["accumulator"],
    "adadelta": ["accum_grad", "accum_var"], "ftrl": ["accumulator", "linear"],
    "lion": ["momentum"], "muon": ["momentum"], "rmsprop": ["rms"],
    "schedulefreeadamw": ["z", "v"], "sgd": [],
}


def _optimizer(optimizer, model, entries, demanded):
    while getattr(optimizer, "inner_optimizer", None) is not None:
        optimizer = optimizer.inner_optimizer  # of a loss-scale wrapper
    class_name = type(optimizer).__name__
    kept = [(v, word, slot) for v, word, slot in _slots(optimizer, model)
            if id(v) in entries and word != "average"]
    slots = []
    for v, word, slot in kept:
        slots.append(_slot_entry(
            entries[id(v)], class_name, doc.canonical_slot(class_name, word),
            slot.shape, slot.dtype, demanded))
    if not kept:
        for v in model.trainable_variables:
            for kind in _kept_later(optimizer):
                slots.append(_slot_entry(entries[id(v)], class_name, kind,
                                         v.shape, v.dtype, False))
    kinds = dict.fromkeys(s["slot"]["slot"] for s in slots) if demanded else ()
    return [doc.optimizer(class_name, class_name, kinds,
                          optimizer.get_config())], slots


def _slot_entry(owner, identity, kind, shape, dtype, is_saved):
    more = {} if is_saved else {"tracked": False}
    if "key" in owner:
        more["owner_key"] = owner["key"]
        more["key"] = f"{owner['key']}/{identity}/{kind}"
    return doc.slot(owner["name"], identity, kind, shape, doc.dtype_name(dtype),
                    **more)


def _slots(optimizer, model):
    """(variable, the framework's word, its slot) of what there is."""
    if hasattr(optimizer, "get_slot_names"):  # up to Keras 2.10, and `legacy`
        for v in model.trainable_variables:
            for word in optimizer.get_slot_names():
                try:
                    yield v, word, optimizer.get_slot(v, word)
                except KeyError:
                    pass
        return
    yield from slot_lists(optimizer, [v for v in model.variables
                                      if hasattr(v, "dtype")])


def slot_lists(optimizer, variables):
    """(variable, the framework's word, its slot), from the lists that optimizers
    of Keras 2.11 and later have: an element for each variable."""
    trained = _trained(optimizer, variables)
    for attribute, slots in vars(optimizer).items():
        word = _word(attribute)
        if (word is None or not isinstance(slots, (list, tuple))
                or len(slots) != len(trained)):
            continue
        for v, slot in zip(trained, slots):
            # What stands for the factors of a vector is a scalar.
            if v is not None and hasattr(slot, "dtype") and (
                    len(slot.shape) > 0 or len(v.shape) == 0):
                yield v, word, slot


def _trained(optimizer, variables):
    """The variables that the optimizer was built for, in its order."""
    index = getattr(optimizer, "_index_dict", None)  # Keras 2.11 to 2.15
    if index is not None:
        held = {optimizer._var_key(v): v for v in variables
                if hasattr(v, "_unique_id")}
        return [held.get(key) for key in sorted(index, key=index.get)]
    return list(getattr(optimizer, "_trainable_variables", ()))


_WORDS = {"model_variables_moving_average": "average",
          "accumulated_gradients": "gradient_accumulator",
          "trainable_variables": None, "variables": None}


def _word(attribute):
    """"velocity" of the list `_velocities`; None of one that is no slot's."""
    name = attribute.lstrip("_")
    if name in _WORDS:
        return _WORDS[name]
    if name.startswith("adam_"):  # what Muon leaves to Adam
        name = name[5:]
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") else name


def _kept_later(optimizer):
    settings = optimizer.get_config()
    kind = type(optimizer).__name__.lower()
    slots = list(_KEPT_LATER.get(kind, ()))
    if settings.get("amsgrad"):
        slots.append("vhat")
    # SGD of Keras 2.11 to 2.15 has its slots even where momentum is 0.
    keeps_momentum = kind == "sgd" and hasattr(optimizer, "_build_learning_rate")
    if kind in ("sgd", "rmsprop") and (settings.get("momentum")
                                       or keeps_momentum):
        slots.append("momentum")
    if kind == "rmsprop" and settings.get("centered"):
        slots.append("mg")
    return slots
