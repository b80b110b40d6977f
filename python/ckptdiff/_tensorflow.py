"""tf.Module, tf.train.Checkpoint and TF1 graphs."""
from . import _document as doc

_VALUE = "VARIABLE_VALUE"


def knows(model, modules):
    tf = modules.get("tensorflow")
    if tf is None:
        return False
    return isinstance(model, (tf.Module, tf.train.Checkpoint, tf.Graph))


def layout(model, optimizer):
    import tensorflow as tf
    if isinstance(model, tf.Graph):
        return _graph_layout(model, tf)
    if optimizer is not None:
        model = tf.train.Checkpoint(model=model, optimizer=optimizer)
    return _ObjectGraph(model).document()


class _ObjectGraph:
    """What tf.train.Checkpoint would write of a root: its own object graph."""

    def __init__(self, root):
        from tensorflow.python.checkpoint import graph_view
        if hasattr(root, "_maybe_create_save_counter"):
            root._maybe_create_save_counter()
        view = graph_view.ObjectGraphView(root)
        saveables, self.graph = view.serialize_object_graph()[:2]
        # Nodes are the objects in this order; slot variables come behind.
        self.objects, _ = view.breadth_first_traversal()
        self.specs = {spec.name: spec for saveable in saveables
                      for spec in saveable.specs}
        self.identities = {}
        self.stored = {}  # node id -> (name, key)
        for node_id, node in enumerate(self.graph.nodes):
            for attribute in node.attributes:
                if attribute.name == _VALUE:
                    self.stored[node_id] = (attribute.full_name,
                                            attribute.checkpoint_key)

    def document(self):
        entries, optimizers = {}, []
        for node_id, (name, key) in self.stored.items():
            entries[node_id] = self._variable(node_id, name, key)
        for node_id, node in enumerate(self.graph.nodes):
            obj = self._object(node_id)
            is_optimizer = (hasattr(obj, "apply_gradients")
                            and hasattr(obj, "get_config"))
            if is_optimizer or node.slot_variables:
                optimizers.append(self._optimizer(node_id, obj, entries))
        return doc.document("tensorflow", entries.values(), (), optimizers,
                            addressed_by="key")

    def _object(self, node_id):
        return self.objects[node_id] if node_id < len(self.objects) else None

    def _variable(self, node_id, name, key):
        spec = self.specs[key]
        obj = self._object(node_id)
        role = "weight"
        if key.startswith("save_counter/"):
            role = "bookkeeping"
        elif name in ("step", "global_step"):
            role = "step"
        trainable = getattr(obj, "trainable", None)
        return doc.variable(name, spec.tensor.shape, doc.dtype_name(spec.dtype),
                            role, key=key, trainable=trainable)

    def _optimizer(self, node_id, obj, entries):
        class_name = type(obj).__name__ if obj is not None else None
        identity = self._identity(class_name or "optimizer")
        kinds = []
        own = self._below(node_id)
        slots = list(self._slots(node_id))
        owners = {owner for owner, _, _ in slots}
        for child in own - owners:
            if child in entries:
                entries[child]["role"] = "optimizer"
                entries[child].pop("trainable", None)
        for owner, word, slot in slots:
            kind = doc.canonical_slot(class_name, word)
            if kind not in kinds:
                kinds.append(kind)
            owner_name, owner_key = self.stored[owner]
            name, key = self.stored[slot]
            spec = self.specs[key]
            entries[slot] = doc.slot(
                owner_name, identity, kind, spec.tensor.shape,
                doc.dtype_name(spec.dtype), name=name, key=key,
                owner_key=owner_key)
        return doc.optimizer(identity, class_name, kinds)

    def _identity(self, name):
        """"Adam", then "Adam#2"."""
        self.identities[name] = self.identities.get(name, 0) + 1
        number = self.identities[name]
        return name if number == 1 else f"{name}#{number}"

    def _children(self, node_id):
        return {child.local_name: child.node_id
                for child in self.graph.nodes[node_id].children}

    def _below(self, node_id):
        """Variables of the optimizer, not of the model that it trains."""
        found = set()
        for name, child in self._children(node_id).items():
            if name == "_trainable_variables":
                continue
            found.add(child)
            found.update(self._children(child).values())
        return found

    def _slots(self, node_id):
        """(owner, the framework's word, slot), as node ids."""
        node = self.graph.nodes[node_id]
        for slot in node.slot_variables:  # legacy Keras and TF1 optimizers
            yield (slot.original_variable_node_id, slot.slot_name,
                   slot.slot_variable_node_id)
        if node.slot_variables:
            return
        lists = self._children(node_id)
        by_name = {name: i for i, (name, _) in self.stored.items()}
        trained = sorted(
            (int(name), child) for name, child in
            self._children(lists.get("_trainable_variables", node_id)).items()
            if name.isdigit())
        for child in self._children(
                lists.get("_variables", node_id)).values():
            if child not in self.stored:
                continue
            owner, word = self._owner(self.stored[child][0], by_name, trained)
            if owner is not None:
                yield owner, word, child

    def _owner(self, name, by_name, trained):
        # Keras 2.11+: [Adam/]m/<variable>.
        parts = name.split("/")
        for i in range(1, min(3, len(parts))):
            owner = by_name.get("/".join(parts[i:]))
            if owner is not None:
                return owner, parts[i - 1]
        # Keras 3: adam/<variable path with _>_<word>.
        last = parts[-1]
        for _, owner in trained:
            start = self.stored[owner][0].replace("/", "_") + "_"
            if last.startswith(start):
                return owner, last[len(start):]
        return None, None


# ------------------------------------------------------------------ TF1 graph

# Suffix behind the owner's name -> class, canonical slots in creation order.
_TF1_SLOTS = {
    "Adam": ("Adam", ["m", "v"]),
    "Momentum": ("Momentum", ["momentum"]),
    "Adagrad": ("Adagrad", ["accumulator"]),
    "Adadelta": ("Adadelta", ["accum_grad", "accum_var"]),
    "RMSProp": ("RMSProp", ["rms", "momentum"]),
    "Ftrl": ("Ftrl", ["accumulator", "linear"]),
}


def _graph_layout(graph, tf):
    v1 = tf.compat.v1
    with graph.as_default():
        held = v1.global_variables()
        trained = {v.op.name for v in v1.trainable_variables()}
    names = {v.op.name for v in held}
    centred = any(name.endswith("/RMSProp_2") for name in names)
    variables, kinds = [], {}
    for v in held:
        name = v.op.name
        shape, dtype = v.shape, doc.dtype_name(v.dtype.base_dtype)
        owner, class_name, kind = _tf1_slot(name, names, centred)
        if owner and class_name is None:
            variables.append(doc.variable(
                name, shape, dtype, "average",
                slot={"slot": "average", "owner": owner}))
        elif owner:
            kinds.setdefault(class_name, [])
            if kind not in kinds[class_name]:
                kinds[class_name].append(kind)
            variables.append(doc.slot(owner, class_name, kind, shape, dtype,
                                      name=name))
        else:
            variables.append(doc.variable(
                name, shape, dtype, _tf1_role(name),
                trainable=name in trained))
    optimizers = [doc.optimizer(name, name, slots)
                  for name, slots in kinds.items()]
    return doc.document("tensorflow", variables, (), optimizers)


def _tf1_role(name):
    last = name.rpartition("/")[2]
    if last == "global_step":
        return "step"
    if last.startswith(("beta1_power", "beta2_power")):
        return "optimizer"
    return "weight"


def _tf1_slot(name, names, centred):
    owner, _, last = name.rpartition("/")
    if owner not in names:
        return None, None, None
    if last == "ExponentialMovingAverage":
        return owner, None, "average"
    stem, _, number = last.rpartition("_")
    if not (stem and number.isdigit()):
        stem, number = last, "0"
    if stem not in _TF1_SLOTS:
        return None, None, None
    class_name, slots = _TF1_SLOTS[stem]
    if stem == "RMSProp" and centred:
        slots = ["rms", "mg", "momentum"]
    index = int(number)
    if index >= len(slots):  # a second optimizer over the same variables
        class_name = f"{class_name}#{index // len(slots) + 1}"
    return owner, class_name, slots[index % len(slots)]
