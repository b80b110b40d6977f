#!/usr/bin/env python3
"""Saves objects of TF2 with tf.train.Checkpoint and model.save_weights, lists
the bundle with $CKPTDIFF, and compares with what the live objects say.

Every variable gets values that nothing else has, and each stored tensor is
looked up by value: names and owners depend on no rule about keys."""
# environments: tensorflow tensorflow-2.15
import collections
import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np
import tensorflow as tf

from judging import Judge, arguments
if tf.__version__ >= "2.16":
    import tf_keras
    import keras
else:
    tf_keras, keras = tf.keras, None

K2 = tf_keras


class Case:
    def __init__(self):
        self.root = {}
        self.optimizers = []   # (optimizer, trainable variables)
        self.steps = 0
        self.open = set()
        self.weights_only = None  # model.save_weights instead


def mlp(K, name=None, frozen=False, bn=True):
    L = K.layers
    layers = [K.Input((3,)) if K is not K2 else L.InputLayer((3,)),
              L.Dense(4, name="hidden")]
    if bn:
        layers.append(L.BatchNormalization(name="norm"))
    layers.append(L.Dense(2, name="head"))
    model = K.Sequential(layers, name=name)
    if frozen:
        model.layers[0].trainable = False
    return model


def functional(K):
    L = K.layers
    x = K.Input((3,), name="in")
    y = L.Dense(4, name="a")(x)
    z = L.Dense(4, name="skip", use_bias=False)(x)
    y = L.Add(name="sum")([y, z])
    y = L.LayerNormalization(name="ln")(y)
    return K.Model(x, L.Dense(2, name="out")(y), name="func")


def nested(K):
    L = K.layers
    x = K.Input((3,))
    enc = K.Sequential([K.Input((3,)), L.Dense(4, name="dense"),
                        L.BatchNormalization(name="bn")], name="encoder")
    mid_in = K.Input((4,))
    mid = K.Model(mid_in, L.Dense(4, name="dense")(mid_in), name="mid")
    return K.Model(x, L.Dense(2, name="dense")(mid(enc(x))), name="outer")


def shared(K):
    L = K.layers
    a, b = K.Input((3,)), K.Input((3,))
    tower = L.Dense(4, name="tower")
    return K.Model([a, b], L.Dense(1, name="head")(
        L.Concatenate()([tower(a), tower(b)])))


def recurrent(K):
    L = K.layers
    x = K.Input((5, 3))
    y = L.Bidirectional(L.LSTM(2, return_sequences=True), name="bi")(x)
    y = L.RNN([L.GRUCell(3), L.LSTMCell(2)], name="stack",
              return_sequences=True)(y)
    y = L.TimeDistributed(L.Dense(2, name="inner"), name="td")(y)
    y = L.GRU(3, name="gru")(y)
    return K.Model(x, y)


def subclassed(K):
    L = K.layers

    class Block(L.Layer):
        def __init__(self, **kw):
            super().__init__(**kw)
            self.fcs = [L.Dense(3), L.Dense(3)]
            self.table = {"q": L.Dense(3), "k": L.Dense(3)}
            self.norm = L.LayerNormalization()

        def build(self, shape):
            self.scale = self.add_weight(name="scale", shape=(3,))
            for fc in self.fcs + list(self.table.values()) + [self.norm]:
                fc.build(shape)
            self.built = True

        def call(self, x):
            for fc in self.fcs:
                x = fc(x)
            return self.norm(self.table["q"](x) + self.table["k"](x))

    class Net(K.Model):
        def __init__(self):
            super().__init__()
            self.stem = L.Dense(3)
            self.blocks = [Block(), Block()]
            self._private = L.Dense(3)
            self.head = L.Dense(2, name="head")

        def call(self, x):
            x = self.stem(x)
            for b in self.blocks:
                x = b(x)
            return self.head(self._private(x))

    net = Net()
    net(np.ones((1, 3), "float32"))
    return net


def convolutions(K):
    L = K.layers
    return K.Sequential([K.Input((9, 9, 3)), L.Conv2D(4, 3),
                         L.SeparableConv2D(4, 3), L.DepthwiseConv2D(3),
                         L.BatchNormalization(), L.PReLU(),
                         L.GlobalAveragePooling2D(), L.Dense(2)])


def attention(K):
    L = K.layers
    x = K.Input((4, 6))
    y = L.MultiHeadAttention(2, 3, name="mha")(x, x)
    return K.Model(x, L.Dense(2)(y))


MODELS = [mlp, functional, nested, shared, recurrent, subclassed,
          convolutions, attention]


def train(case, K, model, optimizer, steps=2):
    variables = list(model.trainable_variables)
    gradients = [tf.ones_like(tf.convert_to_tensor(v)) for v in variables]
    for _ in range(steps):
        optimizer.apply_gradients(zip(gradients, variables))
    case.optimizers.append((optimizer, variables))
    case.steps = steps


def optimizer_makers(K):
    O = K.optimizers
    made = {
        "sgd": lambda: O.SGD(0.1),
        "momentum": lambda: O.SGD(0.1, momentum=0.9, nesterov=True),
        "adam": lambda: O.Adam(), "adamw": lambda: O.AdamW(),
        "amsgrad": lambda: O.Adam(amsgrad=True),
        "nadam": lambda: O.Nadam(), "adamax": lambda: O.Adamax(),
        "rmsprop": lambda: O.RMSprop(),
        "rmsprop-all": lambda: O.RMSprop(momentum=0.9, centered=True),
        "adagrad": lambda: O.Adagrad(), "adadelta": lambda: O.Adadelta(),
        "ftrl": lambda: O.Ftrl(), "adafactor": lambda: O.Adafactor(),
        "lion": lambda: O.Lion(),
        "ema": lambda: O.Adam(use_ema=True),
        "schedule": lambda: O.Adam(
            O.schedules.ExponentialDecay(0.1, 10, 0.9)),
        "named": lambda: O.Adam(name="MyAdam"),
    }
    if K is K2:
        legacy = O.legacy
        made.update({
            "legacy-sgd": lambda: legacy.SGD(0.1),
            "legacy-momentum": lambda: legacy.SGD(0.1, momentum=0.9),
            "legacy-adam": lambda: legacy.Adam(),
            "legacy-amsgrad": lambda: legacy.Adam(amsgrad=True),
            "legacy-nadam": lambda: legacy.Nadam(),
            "legacy-adamax": lambda: legacy.Adamax(),
            "legacy-rmsprop": lambda: legacy.RMSprop(momentum=0.9,
                                                     centered=True),
            "legacy-rmsprop-plain": lambda: legacy.RMSprop(),
            "legacy-adagrad": lambda: legacy.Adagrad(),
            "legacy-adadelta": lambda: legacy.Adadelta(),
            "legacy-ftrl": lambda: legacy.Ftrl(),
            "legacy-named": lambda: legacy.Adam(name="Trainer"),
            "legacy-schedule": lambda: legacy.Adam(
                O.schedules.ExponentialDecay(0.1, 10, 0.9)),
        })
    else:
        made.update({"lamb": lambda: O.Lamb(), "muon": lambda: O.Muon(),
                     "schedule-free": lambda: O.ScheduleFreeAdamW(),
                     "accumulate": lambda: O.Adam(
                         gradient_accumulation_steps=2)})
    return made


# ---- Objects that are no Keras model.

class Affine(tf.Module):
    def __init__(self, n, m, name=None):
        super().__init__(name=name)
        self.w = tf.Variable(tf.ones([n, m]), name="w")
        self.b = tf.Variable(tf.zeros([m]), name="b", trainable=False)


def modules(case):
    class Tower(tf.Module):
        def __init__(self):
            super().__init__()
            self.layers = [Affine(2, 3), Affine(3, 3, "special")]
            self.by_name = {"left": Affine(1, 2), "a/b": Affine(2, 1),
                            "x.y": Affine(1, 1), "": Affine(1, 3)}
            self.pair = (Affine(3, 1), tf.Variable([1.0, 2.0]))
            self.deep = [[tf.Variable(1.0), tf.Variable(2.0)],
                         {"z": [tf.Variable([3.0])]}]
            self.alias = self.layers[0]
    case.root = {"tower": Tower(), "step": tf.Variable(3, dtype=tf.int64)}


def wrappers(case):
    root = tf.train.Checkpoint(a=tf.Variable([1.0, 2.0], name="alpha"))
    root.l = [tf.Variable([float(i)] * 3, name=f"v{i}") for i in range(12)]
    root.d = {str(i): tf.Variable([[float(i)]]) for i in range(3)}
    root.nested = tf.train.Checkpoint(inner=Affine(2, 2), other=[Affine(1, 1)])
    case.root = {"everything": root}


def dtypes(case):
    root = tf.train.Checkpoint()
    root.f16 = tf.Variable(tf.ones([2], tf.float16))
    root.bf16 = tf.Variable(tf.ones([2], tf.bfloat16))
    root.f64 = tf.Variable(tf.ones([2, 2], tf.float64))
    root.c64 = tf.Variable(tf.ones([2], tf.complex64))
    root.b = tf.Variable([True, False])
    root.s = tf.Variable(["a", "bb"])
    root.scalar_s = tf.Variable("text")
    root.i8 = tf.Variable(tf.ones([4], tf.int8))
    root.u8 = tf.Variable(tf.ones([4], tf.uint8))
    root.u16 = tf.Variable(tf.cast([1, 2], tf.uint16))
    root.i32 = tf.Variable([1, 2])
    root.e = tf.Variable(tf.zeros([0, 4]))
    root.scalar = tf.Variable(0.5)
    root.unknown = tf.Variable(tf.ones([2, 3]), shape=[None, 3])
    case.root = {"all": root}


def tables(case):
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(tf.constant(["a", "b"]), tf.constant([1, 2], tf.int64))
    dense = tf.lookup.experimental.DenseHashTable(
        tf.int64, tf.float32, 0.0, empty_key=-1, deleted_key=-2)
    case.root = {"table": table, "dense": dense, "w": tf.Variable([1.0]),
                 "iterator": iter(tf.data.Dataset.range(5).shuffle(3)),
                 "rng": tf.random.Generator.from_seed(1)}
    case.open |= {"tables"}


def mirrored(case):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        case.root = {"w": tf.Variable([1.0, 2.0], name="w"),
                     "n": Affine(2, 3)}


def sharded(case):
    partitioner = tf.distribute.experimental.partitioners.FixedShardsPartitioner
    from tensorflow.python.distribute import sharded_variable
    parts = [tf.Variable(np.random.rand(2, 3).astype("float32"),
                         name=f"emb/part_{i}") for i in range(3)]
    case.root = {"emb": sharded_variable.ShardedVariable(parts, name="emb"),
                 "b": tf.Variable([1.0], name="b")}
    case.open |= {"name emb"}


def v1_optimizer(case):
    w = Affine(2, 3)
    o = tf.compat.v1.train.AdamOptimizer()
    o.apply_gradients([(tf.ones([2, 3]), w.w)])
    case.root = {"net": w, "optimizer": o}
    case.optimizers = [(o, [w.w])]


def gan(K, legacy=False):
    def build(case):
        O = K.optimizers.legacy if legacy else K.optimizers
        g, d = mlp(K, "gen"), mlp(K, "disc", bn=False)
        a, b = O.Adam(), O.Adam()
        train(case, K, g, a, 1)
        train(case, K, d, b, 3)
        case.root = {"generator": g, "discriminator": d,
                     "g_optimizer": a, "d_optimizer": b}
        case.steps = None
    build.__name__ = f"gan-{'k2' if K is K2 else 'k3'}{'-legacy' * legacy}"
    return build


def gan_mixed(case):
    g, d = mlp(K2, "gen"), mlp(K2, "disc", bn=False)
    a, b = K2.optimizers.Adam(), K2.optimizers.RMSprop(momentum=0.9)
    train(case, K2, g, a, 1)
    train(case, K2, d, b, 3)
    case.root = {"generator": g, "discriminator": d, "g_optimizer": a,
                 "d_optimizer": b, "step": tf.Variable(17, dtype=tf.int64,
                                                       name="step")}
    case.steps = 17


def two_over_one(case):
    model = mlp(K2)
    a, b = K2.optimizers.Adam(), K2.optimizers.Adam()
    train(case, K2, model, a, 2)
    train(case, K2, model, b, 2)
    case.root = {"model": model, "a": a, "b": b}
    case.steps = None


def partial_training(K, legacy=False):
    def build(case):
        O = K.optimizers.legacy if legacy else K.optimizers
        model = functional(K)
        model.get_layer("a").trainable = False
        o = O.Adam()
        train(case, K, model, o)
        case.root = {"model": model, "optimizer": o}
    build.__name__ = f"frozen-{'k2' if K is K2 else 'k3'}{'-legacy' * legacy}"
    return build


def loss_scale(K, legacy=False):
    def build(case):
        model = mlp(K)
        if K is K2:
            if legacy:
                inner = K.optimizers.legacy.Adam()
                o = K.mixed_precision.LossScaleOptimizer(inner)
            else:
                inner = K.optimizers.Adam()
                o = K.mixed_precision.LossScaleOptimizer(inner)
        else:
            inner = K.optimizers.Adam()
            o = K.optimizers.LossScaleOptimizer(inner)
        variables = model.trainable_variables
        if K is K2:
            o.apply_gradients([(tf.ones_like(v), v) for v in variables])
        else:
            o.build(variables)
        case.optimizers = [(inner, list(variables))]
        case.root = {"model": model, "optimizer": o}
        case.steps = None
    build.__name__ = f"scale-{'k2' if K is K2 else 'k3'}{'-legacy' * legacy}"
    return build


def compiled(maker, K, optimizer):
    """model.save_weights in TF format, with its optimizer."""
    def build(case):
        model = maker(K)
        o = optimizer_makers(K)[optimizer]()
        model.compile(o, "mse")
        train(case, K, model, model.optimizer)
        case.weights_only = model
    build.__name__ = f"compiled-{maker.__name__}-{optimizer}"
    return build


def bare(maker):
    def build(case):
        case.weights_only = maker(K2)
        case.steps = None
    build.__name__ = f"bare-{maker.__name__}"
    return build


def under(maker, K, optimizer):
    def build(case):
        model = maker(K)
        case.root = {"model": model}
        if optimizer:
            o = optimizer_makers(K)[optimizer]()
            train(case, K, model, o)
            case.root["optimizer"] = o
        else:
            case.steps = None
    flavour = "k2" if K is K2 else "k3"
    build.__name__ = f"under-{flavour}-{maker.__name__}-{optimizer or '-'}"
    return build


def never_stepped(case):
    model = mlp(K2)
    o = K2.optimizers.Adam()
    o.build(model.trainable_variables)
    case.optimizers = [(o, list(model.trainable_variables))]
    case.root = {"model": model, "optimizer": o}
    case.steps = 0


def builders(quick):
    made = [modules, wrappers, dtypes, tables, mirrored, sharded,
            v1_optimizer, gan(K2), gan(K2, True), gan_mixed, two_over_one,
            partial_training(K2), partial_training(K2, True), loss_scale(K2),
            loss_scale(K2, True), never_stepped]
    made += [bare(m) for m in MODELS]
    made += [under(m, K2, None) for m in MODELS]
    for o in optimizer_makers(K2):
        made += [under(mlp, K2, o), compiled(functional, K2, o)]
    for m in MODELS:
        made += [under(m, K2, "adam"), under(m, K2, "legacy-adam"),
                 compiled(m, K2, "adam"), compiled(m, K2, "legacy-adam")]
    if keras:
        made += [gan(keras), partial_training(keras), loss_scale(keras)]
        made += [under(m, keras, None) for m in MODELS]
        made += [under(m, keras, "adam") for m in MODELS]
        made += [under(mlp, keras, o) for o in optimizer_makers(keras)]
    return made[:20] if quick else made


# ---- What the live objects say.

CANONICAL = {
    "Adam": {"m": "m", "v": "v", "vhat": "vhat", "_momentums": "m",
             "_velocities": "v", "_velocity_hats": "vhat"},
    "SGD": {"momentum": "momentum", "momentums": "momentum",
            "_momentums": "momentum"},
    "RMSprop": {"rms": "rms", "momentum": "momentum", "mg": "mg",
                "_velocities": "rms", "_momentums": "momentum",
                "_average_gradients": "mg"},
    "Adagrad": {"accumulator": "accumulator", "_accumulators": "accumulator"},
    "Adadelta": {"accum_grad": "accum_grad", "accum_var": "accum_var",
                 "_accumulated_grads": "accum_grad",
                 "_accumulated_delta_vars": "accum_var"},
    "Ftrl": {"accumulator": "accumulator", "linear": "linear",
             "_accumulators": "accumulator", "_linears": "linear"},
    "Lion": {"_momentums": "momentum", "momentums": "momentum"},
    "Adamax": {"m": "m", "v": "v", "_m": "m", "_u": "v"},
    "Adafactor": {"_r": "row", "_c": "column", "_v": "v"},
    "ScheduleFreeAdamW": {"_momentums": "z", "_velocities": "v"},
    "Muon": {},
    "Lamb": {"_momentums": "m", "_velocities": "v"},
}
for twin in ("AdamW", "Nadam", "AdamOptimizer"):
    CANONICAL[twin] = CANONICAL["Adam"]
CANONICAL["Adamax"].update({"_momentums": "m", "_norms": "v"})


def raw(variable):
    """The tf.Variable of a Keras 3 variable."""
    return getattr(variable, "value", variable) if not isinstance(
        variable, tf.Variable) else variable


def slots_of(optimizer, trainable):
    """(slot variable, owner, canonical)"""
    words = CANONICAL.get(type(optimizer).__name__, {})
    found = []
    if hasattr(optimizer, "get_slot_names"):  # legacy
        for word in optimizer.get_slot_names():
            for variable in trainable:
                try:
                    slot = optimizer.get_slot(variable, word)
                except KeyError:
                    continue
                if slot is not None:
                    found.append((slot, variable, words.get(word, word)))
        return found
    own = dict(words)
    own.update({"_model_variables_moving_average": "average",
                "_accumulated_gradients": "gradient_accumulator"})
    for attribute, word in own.items():
        items = getattr(optimizer, attribute, None)
        if not isinstance(items, list):
            continue
        for owner, item in zip(trainable, items):
            if item is not None and hasattr(item, "assign"):
                found.append((item, owner, word))
    return found


def fingerprint(array):
    array = np.ascontiguousarray(array)
    if array.dtype == object:
        return (array.shape, repr(array.tolist()))
    return (array.shape, str(array.dtype), array.tobytes())


def value_of(variable):
    return np.asarray(variable.read_value().numpy() if hasattr(
        variable, "read_value") else variable)


def scatter(variables, random):
    for variable in variables:
        old = value_of(variable)
        kind = str(old.dtype)
        if "float" in kind and "complex" not in kind:
            new = np.asarray(random.normal(size=old.shape)).astype(old.dtype)
        elif old.dtype.kind in "iu" and old.ndim:
            high = min(np.iinfo(old.dtype).max, 1 << 40)
            new = random.integers(0, high, size=old.shape).astype(old.dtype)
        else:
            continue
        variable.assign(new)


def descendants(root):
    view = tf.train.TrackableView(root)
    return [o for o in view.descendants() if isinstance(o, tf.Variable)]


def own_name(variable):
    return variable.name.removesuffix(":0")


def run_case(judge, directory, build, random):
    case = Case()
    build(case)
    name = build.__name__
    path = os.path.join(directory, name)
    os.makedirs(path, exist_ok=True)
    if case.weights_only is not None:
        root = case.weights_only
    else:
        root = tf.train.Checkpoint(**case.root)
    variables = descendants(root)
    for optimizer, trainable in case.optimizers:
        known = {id(v) for v in variables}
        more = [raw(s) for s, _, _ in slots_of(optimizer, trainable)]
        more += [raw(v) for v in trainable]
        variables += [v for v in more if id(v) not in known]
    scatter(variables, random)
    if case.weights_only is not None:
        prefix = os.path.join(path, "weights")
        root.save_weights(prefix, save_format="tf")
    else:
        prefix = root.save(os.path.join(path, "ckpt"))
    reader = tf.train.load_checkpoint(prefix)
    keys = {}
    shapes = reader.get_variable_to_shape_map()
    types = reader.get_variable_to_dtype_map()
    for key in shapes:
        try:
            keys.setdefault(fingerprint(reader.get_tensor(key)), []).append(key)
        except Exception:
            pass

    def key_of(variable):
        found = keys.get(fingerprint(value_of(raw(variable))), [])
        return found[0] if len(found) == 1 else None

    document = judge.listing(name, prefix)
    if document is None:
        return
    got = {}
    for v in document["variables"]:
        for key in v.get("keys") or [v["key"]]:
            got[key] = v
    judge.say("issues", not document["issues"], f"{name}: {document['issues']}")
    judge.say("nothing more", set(got) == set(shapes),
              f"{name}: {sorted(set(got) ^ set(shapes))[:4]}")
    for key, shape in shapes.items():
        if key in got:
            where = f"{name}: {key}"
            judge.say("shape", got[key]["shape"] == list(shape),
                      f"{where} {got[key]['shape']} {shape}")
            judge.say("dtype", got[key]["dtype"] == types[key].name,
                      f"{where} {got[key]['dtype']} {types[key].name}")
    state, slot_ids = {}, set()
    names = collections.Counter(own_name(v) for v in variables)
    for nth, (optimizer, trainable) in enumerate(case.optimizers):
        for slot, owner, word in slots_of(optimizer, trainable):
            key = key_of(slot)
            if key is None or key not in got:
                continue
            slot_ids.add(id(raw(slot)))
            have = got[key]
            where = f"{name}: {key} ({own_name(raw(slot))})"
            if have["role"] == "bookkeeping" and not shapes[key]:
                continue
            role = "average" if word == "average" else "slot"
            judge.say("role", have["role"] == role,
                      f"{where}: {have['role']}, is {role}")
            tied = have.get("slot") or {}
            judge.say("slot", tied.get("slot") == word,
                      f"{where}: {tied.get('slot')}, is {word}")
            okey = key_of(owner)
            if tied.get("owner") is None:  # namesakes
                judge.counts["owner left open", True] += 1
                judge.say("owner claimed", names[own_name(raw(owner))] > 1,
                          f"{where}: of {own_name(raw(owner))}")
                continue
            judge.say("owner", tied.get("owner_key") == okey or (
                tied.get("owner") == own_name(raw(owner))
                and names[own_name(raw(owner))] == 1),
                f"{where}: {tied.get('owner')} {tied.get('owner_key')}, "
                f"is {own_name(raw(owner))} {okey}")
            if role == "slot":
                state.setdefault(tied.get("optimizer"), set()).add(nth)
        own_state = optimizer.variables
        own_state = own_state() if callable(own_state) else own_state
        for variable in own_state:
            key = key_of(variable)
            if id(raw(variable)) in slot_ids or key is None:
                continue
            judge.say("role", got[key]["role"] in ("optimizer", "bookkeeping")
                      or got[key]["role"] == "slot" and
                      type(optimizer).__name__ in ("Muon",),
                      f"{name}: {key} {own_name(raw(variable))} "
                      f"{got[key]['role']}, is the optimizer's")
            slot_ids.add(id(raw(variable)))
    for optimizer, nths in state.items():
        judge.say("one optimizer an id", len(nths) == 1,
                  f"{name}: {optimizer}: {nths}")
    trained = {id(raw(v)) for _, t in case.optimizers for v in t}
    for variable in variables:
        key = key_of(variable)
        if key is None or id(variable) in slot_ids or key not in got:
            continue
        have = got[key]
        where = f"{name}: {key}"
        if "tables" in case.open or f"name {own_name(variable)}" \
                in case.open:
            continue
        if have["role"] in ("optimizer", "bookkeeping", "step"):
            continue
        judge.say("role", have["role"] == "weight", f"{where} {have['role']}")
        judge.say("name", have["name"] == own_name(variable),
                  f"{where}: {have['name']}, is {own_name(variable)}")
        if have.get("trainable") is not None and case.optimizers:
            judge.say("trainable",
                      have["trainable"] == (id(variable) in trained),
                      f"{where}: {have['trainable']}")
    got_step = document["source"]["step"]
    steps = []
    for optimizer, _ in case.optimizers:
        it = getattr(optimizer, "iterations", None)
        if it is not None and not getattr(
                optimizer, "gradient_accumulation_steps", None):
            steps.append(int(value_of(raw(it))))
    if "step" in case.root:
        steps = [int(case.root["step"].numpy())]
    want = steps[0] if len(steps) == 1 else None
    if "accumulate" not in name:
        judge.say("step", got_step == want, f"{name}: {got_step}, is {want}")


def main():
    chosen = arguments(__doc__)
    judge = Judge()
    random = np.random.default_rng(7)
    directory = chosen.keep or tempfile.mkdtemp()
    for build in builders(chosen.quick):
        if chosen.only not in build.__name__:
            continue
        try:
            tf_keras.backend.clear_session()
            if keras:
                keras.backend.clear_session()
            run_case(judge, directory, build, random)
        except Exception as error:  # this version does not have it
            print(f"skipped {build.__name__}: "
                  f"{type(error).__name__}: {error}"[:250])
    judge.close()


main()
