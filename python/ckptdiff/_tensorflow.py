"""tf.Module, tf.train.Checkpoint and TF1 graphs."""
from . import _document as doc
from . import _keras

_VALUE = "VARIABLE_VALUE"
# A counter of the user's own, at the root.
_STEPS = ("step", "global_step", "train_step", "training_step", "current_step")


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
        # A tf.train.Checkpoint(root, more=...) saves as that root.
        saver = getattr(root, "_saver", None)
        view = getattr(saver, "_graph_view",
                       None) or graph_view.ObjectGraphView(root)
        saveables, self.graph = view.serialize_object_graph()[:2]
        # Nodes are the objects in this order; slot variables come behind.
        self.objects, _ = view.breadth_first_traversal()
        self.node_ids = {id(_tensorflow_variable(obj)): node_id
                         for node_id, obj in enumerate(self.objects)}
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
        elif name == "global_step" or (
                key.partition("/")[0] in _STEPS and key.count("/") == 2
                and spec.dtype.is_integer and spec.tensor.shape.rank == 0):
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
            if kind not in kinds and kind != "average":
                kinds.append(kind)
            owner_name, owner_key = self.stored[owner]
            name, key = self.stored[slot]
            spec = self.specs[key]
            if kind == "average":
                entries[slot] = doc.variable(
                    name, spec.tensor.shape, doc.dtype_name(spec.dtype),
                    "average", key=key, slot={"slot": kind, "owner": owner_name,
                                              "owner_key": owner_key})
                continue
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
        held = [obj for obj in self.objects if hasattr(obj, "dtype")]
        for owner, word, slot in _keras.slot_lists(self._object(node_id), held):
            ids = [self.node_ids.get(id(_tensorflow_variable(v)))
                   for v in (owner, slot)]
            if ids[0] in self.stored and ids[1] in self.stored:
                yield ids[0], word, ids[1]


def _tensorflow_variable(variable):
    """What TensorFlow tracks of a variable of Keras 3."""
    value = getattr(variable, "value", variable)
    return variable if callable(value) else value


# ------------------------------------------------------------------ TF1 graph


def _graph_layout(graph, tf):
    """The variables as a Saver would name them. Which of them are slots is told
    by their names, and these are read by the program."""
    v1 = tf.compat.v1
    with graph.as_default():
        held = v1.global_variables()
        trained = {v.op.name for v in v1.trainable_variables()}
    variables = {}
    for v in held:
        name, shape = v.op.name, v.shape
        part = getattr(v, "_save_slice_info", None) or (
            v._get_save_slice_info() if hasattr(v, "_get_save_slice_info")
            else None)
        if part is not None:  # of a partitioned variable, which is saved whole
            name, shape = part.full_name, part.full_shape
        variables[name] = doc.variable(
            name, shape, doc.dtype_name(v.dtype.base_dtype), role=None,
            trainable=v.op.name in trained)
    return doc.document("tensorflow", variables.values())
