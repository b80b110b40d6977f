"""torch.nn.Module, state_dicts and torch.optim.Optimizer."""
import sys
from collections.abc import Mapping

from . import _document as doc


def knows(model, modules):
    torch = modules.get("torch")
    if torch is None:
        return False
    is_state_dict = (isinstance(model, Mapping) and len(model) > 0 and all(
        isinstance(value, torch.Tensor) for value in model.values()))
    return is_state_dict or isinstance(model, torch.nn.Module)


def layout(model, optimizer):
    if hasattr(model, "save_pretrained"):  # that of what is compiled in it
        model = getattr(model, "_orig_mod", model)
    is_module = not isinstance(model, Mapping)
    modules = dict(model.named_modules()) if is_module else {}
    classes = {name: type(module).__name__ for name, module in modules.items()
               if name}
    tensors = dict(_tensors(model.state_dict(keep_vars=True) if is_module
                            else model))
    names = {id(tensor): name for name, tensor in reversed(tensors.items())}
    if hasattr(model, "save_pretrained"):
        tensors, names = _pretrained(model, tensors)
    variables, first_of_storage = [], {}
    for name, tensor in tensors.items():
        layer = name.rpartition(".")[0]
        entry = _variable(name, tensor, layer if layer in classes else None)
        identity = _storage(tensor)
        if identity is not None:
            owner = first_of_storage.setdefault(identity, name)
            if owner != name:
                entry["tied_to"] = owner
        variables.append(entry)
    optimizers, identities = [], set()
    for one in _optimizers(optimizer):
        identity = doc.unused(type(one).__name__, identities)
        slots = _slots(one, identity, names)
        kinds = dict.fromkeys(entry["slot"]["slot"] for entry in slots)
        optimizers.append(doc.optimizer(
            identity, type(one).__name__, kinds, {
                k: v for k, v in one.param_groups[0].items() if k != "params"}))
        variables += slots
    return doc.document("pytorch", variables,
                        doc.layer_list(classes, variables), optimizers)


def _tensors(state, prefix=""):
    """(name, tensor) of a state_dict; quantized weights are tuples in it, and
    extra state is what a module makes it."""
    items = state.items() if isinstance(state, Mapping) else enumerate(state)
    for key, value in items:
        if hasattr(value, "requires_grad"):
            yield f"{prefix}{key}", value
        elif isinstance(value, (Mapping, list, tuple)):
            yield from _tensors(value, f"{prefix}{key}.")


def _shape(tensor):
    """None of what a lazy module makes at its first input."""
    from torch.nn.parameter import is_lazy
    return None if is_lazy(tensor) else tensor.shape


def _variable(name, tensor, layer):
    dtype = doc.dtype_name(tensor.dtype)
    if "_extra_state" in name.split("."):
        return doc.variable(name, tensor.shape, dtype, "bookkeeping")
    return doc.variable(name, _shape(tensor), dtype, layer=layer,
                        trainable=bool(tensor.requires_grad))


def _storage(tensor):
    """What two tied tensors have in common; None where nothing is stored."""
    if _shape(tensor) is None or tensor.numel() == 0:
        return None
    try:
        address = tensor.data_ptr()
    except RuntimeError:  # fake, or sparse
        address = 0
    # On the meta device nothing has an address; what is tied is one object.
    return (tensor.device, address or id(tensor), tuple(tensor.shape),
            tuple(tensor.stride()) if address else None)


# -------------------------------------------------------------- transformers


def _pretrained(model, tensors):
    """What save_pretrained writes: tensors by name, and the names by the id of
    the model's own tensors, as far as these are saved one by one."""
    adapters = _adapters(model, tensors)
    if adapters is not None:
        return adapters, {id(tensor): name for name, tensor in adapters.items()}
    left_out = set(getattr(model, "all_tied_weights_keys", None) or ())
    left_out.update(getattr(model, "_keys_to_ignore_on_save", None) or ())
    kept = {name: tensor.detach().to("meta").requires_grad_(
                tensor.requires_grad)
            for name, tensor in tensors.items() if name not in left_out}
    try:  # transformers 5 renames and regroups on save
        from transformers.core_model_loading import revert_weight_conversion
    except ImportError:
        written = kept
    else:
        written = revert_weight_conversion(model, kept)
    live = {id(meta): id(tensors[name]) for name, meta in kept.items()}
    names = {live[id(tensor)]: name for name, tensor in written.items()
             if id(tensor) in live}
    return written, names


def _adapters(model, tensors):
    """What is saved of adapters, alone; None of a model without them."""
    peft = sys.modules.get("peft")
    if peft is not None and isinstance(model, peft.PeftModel):
        return peft.get_peft_model_state_dict(model, state_dict=dict(tensors))
    if getattr(model, "_hf_peft_config_loaded", False):
        state = model.get_adapter_state_dict(state_dict=dict(tensors))
        return {f"base_model.model.{name}": tensor
                for name, tensor in state.items()}
    return None


# ----------------------------------------------------------------- optimizers


def _optimizers(optimizer):
    """One, several, or none; without what accelerate wraps around them."""
    if optimizer is None:
        return []
    if isinstance(optimizer, Mapping):
        optimizer = list(optimizer.values())
    if not isinstance(optimizer, (list, tuple)):
        optimizer = [optimizer]
    return [getattr(one, "optimizer", one) for one in optimizer]


def _slots(optimizer, identity, names):
    """What is kept for each parameter. Before its first step an optimizer keeps
    nothing, and would save nothing, of what it will keep."""
    class_name = type(optimizer).__name__
    if class_name == "LBFGS":  # one flat state of all parameters
        return []
    has_stepped = any(optimizer.state.values())
    slots = []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            owner = names.get(id(parameter))
            if owner is None:
                continue
            if has_stepped:
                kept = _kept(optimizer.state.get(parameter, {}))
            else:
                kept = _kept_later(class_name, group, parameter)
            for word, (shape, dtype) in kept.items():
                slots.append(doc.slot(
                    owner, identity, doc.canonical_slot(class_name, word),
                    shape, doc.dtype_name(dtype),
                    tracked=None if has_stepped else False))
    return slots


# State that is a slot even of a scalar parameter; any other scalar (step,
# NAdam's mu_product) belongs to the optimizer.
_SLOT_WORDS = frozenset((
    "exp_avg", "exp_avg_sq", "exp_inf", "max_exp_avg_sq", "momentum_buffer",
    "square_avg", "grad_avg", "sum", "acc_delta", "variance"))


def _kept(state):
    return {word: (value.shape, value.dtype) for word, value in state.items()
            if hasattr(value, "requires_grad")
            and (value.dim() > 0 or word in _SLOT_WORDS)}


# What a class will keep for each parameter, by the options that ask for it.
_ADAM = (("exp_avg", None), ("exp_avg_sq", None), ("max_exp_avg_sq", "amsgrad"))
_KEPT_LATER = {
    "Adam": _ADAM, "AdamW": _ADAM, "NAdam": _ADAM, "RAdam": _ADAM,
    "SparseAdam": _ADAM,
    "Adadelta": (("square_avg", None), ("acc_delta", None)),
    "Adagrad": (("sum", None),),
    "Adamax": (("exp_avg", None), ("exp_inf", None)),
    "ASGD": (("ax", None),),
    "Muon": (("momentum_buffer", None),),
    "RMSprop": (("square_avg", None), ("momentum_buffer", "momentum"),
                ("grad_avg", "centered")),
    "Rprop": (("prev", None), ("step_size", None)),
    "SGD": (("momentum_buffer", "momentum"),),
}


def _kept_later(class_name, group, parameter):
    if not parameter.requires_grad:
        return {}
    if class_name == "Adafactor":
        is_matrix = len(_shape(parameter) or ()) > 1
        words = ["row_var", "col_var"] if is_matrix else ["variance"]
        if group.get("beta1") is not None:  # that of transformers
            words.append("exp_avg")
        return dict.fromkeys(words, (None, parameter.dtype))
    return {word: (_shape(parameter), parameter.dtype)
            for word, option in _KEPT_LATER.get(class_name, ())
            if option is None or group.get(option)}
