"""Keras 2 (tf_keras, tf.keras up to 2.15) and Keras 3 models and layers."""
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
    is_v3 = hasattr(model, "get_build_config") and all(
        hasattr(v, "path") for v in model.weights)
    owners, classes = _owners(model)
    trainable = {id(v) for v in model.trainable_variables}
    variables = []
    for v in model.weights:
        name = v.path if is_v3 else v.name.split(":")[0]
        variables.append(doc.variable(
            name, v.shape, doc.dtype_name(v.dtype), layer=owners.get(id(v)),
            trainable=id(v) in trainable))
    optimizer = optimizer or getattr(model, "optimizer", None)
    optimizers = [_optimizer(optimizer)] if optimizer is not None else []
    return doc.document("keras", variables,
                        doc.layer_list(classes, variables), optimizers,
                        addressed_by="order")


def _owners(model):
    """id of a variable -> the layer that holds it, and layers in order."""
    owners, classes = {}, {}

    def visit(layer, is_top):
        inner = list(getattr(layer, "layers", None) or [])
        for child in inner:
            visit(child, False)
        if is_top and inner:
            return
        for v in layer.weights:
            if id(v) not in owners:
                owners[id(v)] = layer.name
                classes.setdefault(layer.name, type(layer).__name__)

    visit(model, True)
    return owners, classes


# Canonical slots of each class: (always, setting -> more).
_PLANS = {
    "adam": ["m", "v"], "adamw": ["m", "v"], "nadam": ["m", "v"],
    "adamax": ["m", "v"], "lamb": ["m", "v"], "adagrad": ["accumulator"],
    "adadelta": ["accum_grad", "accum_var"], "ftrl": ["accumulator", "linear"],
    "lion": ["momentum"], "rmsprop": ["rms"], "sgd": [],
}


def _optimizer(optimizer):
    inner = getattr(optimizer, "inner_optimizer", None) or optimizer
    class_name = type(inner).__name__
    kind = class_name.lower()
    settings = inner.get_config()
    slots = list(_PLANS.get(kind, []))
    if settings.get("amsgrad"):
        slots.append("vhat")
    # SGD of Keras 2.11 to 2.15 has its slots even where momentum is 0.
    keeps_momentum = kind == "sgd" and hasattr(inner, "_build_learning_rate")
    if kind in ("sgd", "rmsprop") and (settings.get("momentum")
                                       or keeps_momentum):
        slots.append("momentum")
    if kind == "rmsprop" and settings.get("centered"):
        slots.append("mg")
    return doc.optimizer(class_name, class_name, slots, settings)
