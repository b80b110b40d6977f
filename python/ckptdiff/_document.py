"""The parts of a layout document, and the names that optimizers share."""
import json

SCHEMA = "ckptdiff/layout/v1"

# The word of Keras or torch -> canonical slot name, per optimizer class (lower
# case). "" holds for the classes not named.
_SLOTS = {
    "": {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "vhat",
         "exp_inf": "v", "momentum_buffer": "momentum", "sum": "accumulator",
         "velocity": "v", "velocity_hat": "vhat", "u": "v", "norm": "v",
         "r": "row", "c": "column", "row_var": "row", "col_var": "column",
         "variance": "v", "exp_avg_sq_row": "row", "exp_avg_sq_col": "column",
         "accumulated_grad": "accum_grad",
         "accumulated_delta_var": "accum_var", "average_gradient": "mg",
         "grad_avg": "mg"},
    "rmsprop": {"square_avg": "rms", "velocity": "rms"},
    "adadelta": {"square_avg": "accum_grad", "acc_delta": "accum_var"},
    "lion": {"exp_avg": "momentum", "m": "momentum"},
    "schedulefreeadamw": {"momentum": "z"},
    "sgd": {"m": "momentum"},
}
for _name in ("adam", "adamw", "nadam", "adamax", "lamb"):
    _SLOTS[_name] = {"momentum": "m"}


def canonical_slot(optimizer_class, word):
    """The contract's name of a slot that a framework calls `word`."""
    own = _SLOTS.get((optimizer_class or "").lower(), {})
    return own.get(word, _SLOTS[""].get(word, word))


def document(framework, variables, layers=(), optimizers=(),
             addressed_by="name"):
    result = {"schema": SCHEMA,
              "source": {"framework": framework, "addressed_by": addressed_by},
              "variables": list(variables)}
    if layers:
        result["layers"] = list(layers)
    if optimizers:
        result["optimizers"] = list(optimizers)
    return result


def to_text(document):
    """As JSON with a line for each variable, and quickly: json.dumps indents
    in pure Python."""
    def lines(value):
        if not isinstance(value, list):
            return json.dumps(value)
        return "[\n" + ",\n".join(json.dumps(entry) for entry in value) + "\n]"
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {lines(value)}"
                              for name, value in document.items()) + "\n}\n"


def variable(name, shape, dtype, role="weight", **more):
    """`shape`: an iterable of ints and None, or None where it is unknown."""
    entry = {"name": name,
             "shape": None if shape is None else
             [None if d is None else int(d) for d in shape],
             "dtype": dtype}
    more = {"role": role, **more}
    entry.update({k: v for k, v in more.items() if v is not None})
    return entry


def slot(owner, optimizer_id, slot_name, shape, dtype, name=None,
         owner_key=None, **more):
    reference = {"optimizer": optimizer_id, "slot": slot_name, "owner": owner}
    if owner_key is not None:
        reference["owner_key"] = owner_key
    return variable(name or f"{owner}/{optimizer_id}/{slot_name}", shape, dtype,
                    role="slot", slot=reference, **more)


def unused(text, used):
    """`text`, with a number behind it where it is `used`; then it is."""
    number, result = 1, text
    while result in used:
        number += 1
        result = f"{text}#{number}"
    used.add(result)
    return result


def optimizer(identity, class_name, slots, settings=None):
    entry = {"id": identity, "class": class_name, "slots": list(slots)}
    plain = {k: v for k, v in (settings or {}).items()
             if v is None or isinstance(v, (bool, int, float, str))}
    if plain:
        entry["settings"] = plain
    return entry


def dtype_name(dtype):
    """numpy's name, whatever the framework's type prints as."""
    text = getattr(dtype, "name", None) or str(dtype)
    return text.rsplit(".", 1)[-1]


def layer_list(classes, variables):
    """Layers in order, each with the variables that name it."""
    members = {name: [] for name in classes}
    for entry in variables:
        if entry.get("layer") in members:
            members[entry["layer"]].append(entry.get("key") or entry["name"])
    return [{"name": name, "class": classes[name], "variables": found}
            for name, found in members.items() if found]
