"""torch.nn.Module and torch.optim.Optimizer."""
from . import _document as doc


def knows(model, modules):
    torch = modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def layout(model, optimizer):
    tensors = _saved_tensors(model)
    trainable = {name: p.requires_grad for name, p in
                 model.named_parameters(remove_duplicate=False)}
    classes = {name: type(module).__name__
               for name, module in model.named_modules()}
    variables, first_of_storage = [], {}
    for name, tensor in tensors.items():
        layer = name.rpartition(".")[0]
        entry = doc.variable(
            name, tensor.shape, doc.dtype_name(tensor.dtype),
            trainable=trainable.get(name, bool(tensor.requires_grad)),
            layer=layer if classes.get(layer) and layer else None)
        identity = _storage(tensor)
        if identity is not None:
            owner = first_of_storage.setdefault(identity, name)
            if owner != name:
                entry["tied_to"] = owner
        variables.append(entry)
    optimizers = []
    if optimizer is not None:
        optimizers, slots = _slots(model, optimizer)
        variables += slots
    return doc.document("pytorch", variables,
                        doc.layer_list(classes, variables), optimizers)


def _saved_tensors(model):
    """name -> tensor, as the usual way to save this model names them."""
    tensors = {name: tensor for name, tensor in
               model.state_dict(keep_vars=True).items()
               if hasattr(tensor, "shape")}
    if not hasattr(model, "save_pretrained"):
        return tensors
    # transformers 5 renames and regroups on save: names of the file.
    try:
        from transformers.core_model_loading import revert_weight_conversion
    except ImportError:
        return tensors
    tied = set(getattr(model, "all_tied_weights_keys", None) or {})
    kept = {name: tensor.detach().to("meta").requires_grad_(
                tensor.requires_grad)
            for name, tensor in tensors.items() if name not in tied}
    return revert_weight_conversion(model, kept)


def _storage(tensor):
    """What two tied tensors have in common; None where nothing is stored."""
    if tensor.device.type == "meta" or tensor.numel() == 0:
        return None
    return (tensor.device, tensor.data_ptr(), tuple(tensor.shape),
            tuple(tensor.stride()))


# What a class will store for each parameter once it has stepped.
def _slots_to_come(class_name, group):
    plans = {
        "SGD": ["momentum_buffer"] if group.get("momentum") else [],
        "RMSprop": ["square_avg"]
        + (["momentum_buffer"] if group.get("momentum") else [])
        + (["grad_avg"] if group.get("centered") else []),
        "Adagrad": ["sum"],
        "Adadelta": ["square_avg", "acc_delta"],
        "Adamax": ["exp_avg", "exp_inf"],
        "ASGD": ["ax"],
        "Rprop": ["prev", "step_size"],
        "Muon": ["momentum_buffer"],
    }
    if class_name in ("Adam", "AdamW", "NAdam", "RAdam", "SparseAdam"):
        extra = ["max_exp_avg_sq"] if group.get("amsgrad") else []
        return ["exp_avg", "exp_avg_sq"] + extra
    return plans.get(class_name, [])


def _slots(model, optimizer):
    class_name = type(optimizer).__name__
    names = {id(p): name for name, p in model.named_parameters()}
    variables, kinds = [], []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            owner = names.get(id(parameter))
            if owner is None or not parameter.requires_grad:
                continue
            state = optimizer.state.get(parameter, {})
            # Scalars (step, NAdam's mu_product) are no slots.
            stored = {word: value for word, value in state.items()
                      if len(getattr(value, "shape", ())) > 0
                      or (word != "step" and parameter.dim() == 0)}
            planned = {} if state else dict.fromkeys(
                _slots_to_come(class_name, group), parameter)
            for word, value in (stored or planned).items():
                kind = doc.canonical_slot(class_name, word)
                if kind not in kinds:
                    kinds.append(kind)
                variables.append(doc.slot(owner, class_name, kind, value.shape,
                                          doc.dtype_name(value.dtype)))
    settings = {k: v for k, v in optimizer.param_groups[0].items()
                if k != "params"}
    return [doc.optimizer(class_name, class_name, kinds, settings)], variables
