#!/usr/bin/env python3
"""Saves models with the Keras at hand (Keras 2 and 3, tf_keras), lists them
with $CKPTDIFF, and compares with what the live objects say.

Every variable gets values that nothing else has, and each stored array is
looked up by value: name, trained or not, and whose slot it is are known
without any rule about names. Prints counts; exits 1 on a disagreement."""
# environments: tensorflow tensorflow-2.15 keras-3.0
import collections
import io
import os
import tempfile
import zipfile

import h5py
import numpy as np

from judging import Judge, arguments



def flavours():
    import keras
    found = [(f"keras-{keras.__version__}", keras)]
    if keras.__version__.startswith("3."):
        try:
            import tf_keras
            found.append((f"tf_keras-{tf_keras.__version__}", tf_keras))
        except ImportError:
            pass
    return found


# ---- Models. Each is built before it is saved.

def mlp(K):
    L = K.layers
    return K.Sequential([K.Input((3,)), L.Dense(4, name="one"),
                         L.Dense(2, name="two")], name="mlp")


def late_sequential(K):
    model = K.Sequential([K.layers.Dense(4), K.layers.Dense(2)], name="late")
    model.build((None, 3))
    return model


def many_of_a_class(K):
    L = K.layers
    names = ["zeta", "alpha", "mid"] + [f"n{i}" for i in range(11)]
    layers = [L.Dense(3, name=n) for n in names]
    return K.Sequential([K.Input((3,))] + layers, name="many")


def functional(K):
    L = K.layers
    x = K.Input((3,), name="in")
    y = L.Dense(4, name="a")(x)
    y = L.BatchNormalization(name="norm")(y)
    y = L.LayerNormalization(name="ln")(y)
    z = L.Dense(4, name="skip", use_bias=False)(x)
    y = L.Add(name="sum")([y, z])
    return K.Model(x, L.Dense(2, name="head")(y), name="func")


def nested(K):
    L = K.layers
    x = K.Input((3,))
    encoder = K.Sequential([K.Input((3,)), L.Dense(4, name="dense"),
                            L.BatchNormalization(name="norm")],
                           name="encoder")
    inner_in = K.Input((4,))
    inner = K.Model(inner_in, L.Dense(5, name="deep")(inner_in), name="inner")
    y = inner(encoder(x))
    return K.Model(x, L.Dense(2, name="dense")(y), name="outer")


def deep(K):
    L = K.layers
    low_in = K.Input((3,))
    y = L.BatchNormalization(name="bn")(L.Dense(3, name="low_dense")(low_in))
    low = K.Model(low_in, y, name="low")
    mid_in = K.Input((3,))
    mid = K.Model(mid_in, L.Dense(3, name="mid_dense")(low(mid_in)), name="mid")
    x = K.Input((3,))
    return K.Model(x, L.Dense(1, name="top_dense")(mid(x)), name="top")


def shared(K):
    L = K.layers
    a, b = K.Input((3,)), K.Input((3,))
    tower = L.Dense(4, name="tower")
    both = L.Concatenate()([tower(a), tower(b)])
    return K.Model([a, b], L.Dense(1, name="head")(both), name="twins")


def shared_model(K):
    L = K.layers
    t = K.Input((3,))
    tower = K.Model(t, L.Dense(2, name="projection")(t), name="tower")
    a, b = K.Input((3,)), K.Input((3,))
    both = L.Concatenate()([tower(a), tower(b)])
    return K.Model([a, b], L.Dense(1, name="head")(both), name="towers")


def convolutions(K):
    L = K.layers
    return K.Sequential([
        K.Input((16, 16, 3)), L.Conv2D(4, 3, name="c"),
        L.DepthwiseConv2D(3, name="dw"), L.SeparableConv2D(5, 3, name="sep"),
        L.BatchNormalization(name="bn"),
        L.Conv2DTranspose(6, 2, name="up"), L.PReLU(name="act"),
        L.GlobalAveragePooling2D(), L.Dense(2, name="head")], name="conv")


def conv1d(K):
    L = K.layers
    return K.Sequential([
        K.Input((20, 3)), L.Conv1D(4, 3, name="c"),
        L.SeparableConv1D(4, 3, name="s"), L.Conv1DTranspose(2, 3, name="t"),
        L.GlobalMaxPooling1D(), L.Dense(2, name="head")], name="conv1")


def conv_lstm(K):
    L = K.layers
    return K.Sequential([K.Input((3, 5, 5, 2)), L.ConvLSTM2D(2, 2, name="cl"),
                         L.Flatten(), L.Dense(1, name="head")], name="clstm")


def recurrent(K):
    L = K.layers
    return K.Sequential([
        K.Input((5,), dtype="int32"), L.Embedding(7, 4, name="emb"),
        L.LSTM(3, return_sequences=True, name="l"),
        L.GRU(3, return_sequences=True, name="g"),
        L.SimpleRNN(2, name="s"), L.Dense(2, name="head")], name="rnn")


def bidirectional(K):
    L = K.layers
    return K.Sequential([
        K.Input((5, 3)),
        L.Bidirectional(L.GRU(3, return_sequences=True), name="both"),
        L.TimeDistributed(L.Dense(4, name="each"), name="td"),
        L.Bidirectional(L.LSTM(2), name="last"), L.Dense(1, name="head")],
        name="bi")


def stacked_cells(K):
    L = K.layers
    cells = [L.LSTMCell(3), L.GRUCell(2)]
    return K.Sequential([K.Input((5, 3)), L.RNN(cells, name="stack"),
                         L.Dense(1, name="head")], name="stacked")


def attention(K):
    L = K.layers
    x = K.Input((5, 6))
    y = L.MultiHeadAttention(2, 3, name="mha")(x, x)
    y = L.LayerNormalization(name="ln")(L.Add()([x, y]))
    y = L.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d",
                      name="ein")(y)
    return K.Model(x, L.Dense(2, name="head")(y), name="att")


def normalizations(K):
    L = K.layers
    x = K.Input((4, 4, 6))
    y = L.GroupNormalization(groups=2, name="gn")(x)
    y = L.BatchNormalization(scale=False, name="no_gamma")(y)
    y = L.BatchNormalization(center=False, name="no_beta")(y)
    y = L.BatchNormalization(center=False, scale=False, name="plain")(y)
    y = L.LayerNormalization(scale=False, name="ln_no_gamma")(y)
    y = L.UnitNormalization(name="unit")(y)
    y = L.Flatten()(y)
    return K.Model(x, L.Dense(2, name="head")(y), name="norms")


def adapted(K):
    L = K.layers
    norm = L.Normalization(name="adapted")
    norm.adapt(np.random.rand(10, 3).astype("float32"))
    return K.Sequential([K.Input((3,)), norm, L.Dense(2, name="head")],
                        name="adapt")


def seeds(K):
    L = K.layers
    return K.Sequential([
        K.Input((3,)), L.GaussianNoise(0.1, name="noise"),
        L.Dropout(0.5, name="drop"), L.Dense(2, name="dense")], name="seeds")


def spectral(K):
    L = K.layers
    return K.Sequential([
        K.Input((3,)),
        L.SpectralNormalization(L.Dense(4, name="inner"), name="sn"),
        L.Dense(2, name="head")], name="spec")


def frozen(K):
    L = K.layers
    model = K.Sequential([K.Input((3,)), L.Dense(4, name="frozen"),
                          L.BatchNormalization(name="bn"),
                          L.Dense(2, name="head")], name="freeze")
    model.get_layer("frozen").trainable = False
    return model


def frozen_inner(K):
    model = nested(K)
    model.get_layer("encoder").trainable = False
    return model


def frozen_norm(K):
    model = nested(K)
    model.get_layer("encoder").get_layer("norm").trainable = False
    return model


def subclassed(K):
    L = K.layers

    class Sub(K.Model):
        def __init__(self, **kw):
            super().__init__(**kw)
            self.stem = L.Dense(4, name="stem_layer")
            self.blocks = [L.Dense(4, name=f"block_{i}") for i in range(3)]
            self.heads = {"a": L.Dense(2, name="head_a"),
                          "b": L.Dense(1, name="head_b")}
            self.norm = L.LayerNormalization(name="the_norm")

        def call(self, x):
            x = self.stem(x)
            for block in self.blocks:
                x = block(x)
            x = self.norm(x)
            return self.heads["a"](x) + self.heads["b"](x)

        def get_config(self):
            return {}

    model = Sub(name="sub")
    model(np.zeros((1, 3), "float32"))
    return model


def custom_layer(K):
    L = K.layers

    class Block(L.Layer):
        def __init__(self, units=4, **kw):
            super().__init__(**kw)
            self.units = units
            self.inner = L.Dense(units, name="inner")
            self.gate = L.Dense(units, name="gate")

        def build(self, shape):
            self.alpha = self.add_weight(name="alpha", shape=(self.units,))
            self.inner.build(shape)
            self.gate.build(shape)
            super().build(shape)

        def call(self, x):
            return self.alpha * self.inner(x) * self.gate(x)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    x = K.Input((3,))
    y = Block(4, name="first")(x)
    y = L.Dense(5, name="between")(y)
    y = Block(2, name="second")(y)
    return K.Model(x, y, name="custom")


def half(K):
    L = K.layers
    x = K.Input((3,))
    y = L.Dense(4, dtype="float16", name="f16")(x)
    y = L.Dense(4, dtype="mixed_float16", name="mixed")(y)
    return K.Model(x, L.Dense(2, dtype="float32", name="out")(y), name="half")


def bfloat(K):
    L = K.layers
    return K.Sequential([K.Input((3,)), L.Dense(4, dtype="bfloat16", name="b"),
                         L.Dense(2, name="f")], name="bf")


MODELS = [mlp, late_sequential, many_of_a_class, functional, nested, deep,
          shared, shared_model, convolutions, conv1d, conv_lstm, recurrent,
          bidirectional, stacked_cells, attention, normalizations, adapted,
          seeds, spectral, frozen, frozen_inner, frozen_norm, subclassed,
          custom_layer, half, bfloat]
QUICK_MODELS = [mlp, functional, nested, recurrent, subclassed]


# ---- Optimizers: name -> how to make one; None: not in this Keras.

def optimizers(K):
    O = K.optimizers
    is3 = K.__version__.startswith("3.")
    made = {
        "sgd": lambda: O.SGD(0.1),
        "momentum": lambda: O.SGD(0.1, momentum=0.9),
        "adam": lambda: O.Adam(),
        "amsgrad": lambda: O.Adam(amsgrad=True),
        "adamw": lambda: O.AdamW(),
        "nadam": lambda: O.Nadam(),
        "adamax": lambda: O.Adamax(),
        "rmsprop": lambda: O.RMSprop(),
        "rmsprop-all": lambda: O.RMSprop(momentum=0.9, centered=True),
        "rmsprop-centered": lambda: O.RMSprop(centered=True),
        "adagrad": lambda: O.Adagrad(),
        "adadelta": lambda: O.Adadelta(),
        "ftrl": lambda: O.Ftrl(),
        "lion": lambda: O.Lion(),
        "adafactor": lambda: O.Adafactor(),
        "ema": lambda: O.Adam(use_ema=True),
        "ema-adafactor": lambda: O.Adafactor(use_ema=True),
        "ema-momentum": lambda: O.SGD(0.1, momentum=0.9, use_ema=True),
        "schedule": lambda: O.Adam(O.schedules.ExponentialDecay(0.1, 10, 0.9)),
        "named": lambda: O.Adam(name="MyOpt"),
    }
    if is3:
        made.update({
            "lamb": lambda: O.Lamb(),
            "muon": lambda: O.Muon(),
            "schedule-free": lambda: O.ScheduleFreeAdamW(),
            "accumulate": lambda: O.Adam(gradient_accumulation_steps=2),
            "accumulate-ema": lambda: O.Adam(gradient_accumulation_steps=2,
                                             use_ema=True),
            "accumulate-nadam": lambda: O.Nadam(gradient_accumulation_steps=2),
            "loss-scale": lambda: O.LossScaleOptimizer(O.Adam()),
            "loss-scale-sgd": lambda: O.LossScaleOptimizer(O.SGD(0.1)),
        })
    else:
        legacy = K.optimizers.legacy
        made.update({
            "legacy-sgd": lambda: legacy.SGD(0.1),
            "legacy-momentum": lambda: legacy.SGD(0.1, momentum=0.9),
            "legacy-adam": lambda: legacy.Adam(),
            "legacy-amsgrad": lambda: legacy.Adam(amsgrad=True),
            "legacy-nadam": lambda: legacy.Nadam(),
            "legacy-adamax": lambda: legacy.Adamax(),
            "legacy-rmsprop": lambda: legacy.RMSprop(momentum=0.9,
                                                     centered=True),
            "legacy-adagrad": lambda: legacy.Adagrad(),
            "legacy-adadelta": lambda: legacy.Adadelta(),
            "legacy-ftrl": lambda: legacy.Ftrl(),
            "loss-scale": lambda: K.mixed_precision.LossScaleOptimizer(
                O.Adam()),
        })
    return made


QUICK_OPTIMIZERS = ["adam", "momentum", "legacy-adam", "nadam"]


# ---- What the live objects say.

def name_of(K, variable):
    if K.__version__.startswith("3."):
        return variable.path
    return variable.name.removesuffix(":0")


def scatter(variables, random):
    """Gives every variable values of its own."""
    for variable in variables:
        old = np.asarray(variable)
        kind = old.dtype.kind
        if kind == "f" or "float" in str(old.dtype):
            new = random.normal(size=old.shape).astype(old.dtype)
        elif kind in "iu":
            high = min(np.iinfo(old.dtype).max, 1 << 40)
            new = random.integers(0, high, size=old.shape).astype(old.dtype)
        else:
            continue
        variable.assign(new)


def fingerprint(array):
    array = np.ascontiguousarray(array)
    return (array.shape, array.tobytes())


def slot_owners(optimizer, trainable):
    """id of a slot variable -> its owner, by the optimizer's own lists."""
    owners = {}
    if hasattr(optimizer, "_slots") and isinstance(optimizer._slots, dict):
        for variable in trainable:  # legacy
            for slot in optimizer.get_slot_names():
                try:
                    owners[id(optimizer.get_slot(variable, slot))] = variable
                except KeyError:
                    pass
        return owners
    for name, value in list(vars(optimizer).items()):
        if name in ("_trainable_variables", "_variables"):
            continue
        if not isinstance(value, list) or len(value) != len(trainable):
            continue
        for owner, item in zip(trainable, value):
            if item is not None and hasattr(item, "assign"):
                owners[id(item)] = owner
    return owners


def inner(optimizer):
    return getattr(optimizer, "inner_optimizer", optimizer)


def train_once(K, model, optimizer):
    """Builds the optimizer as training would."""
    if hasattr(inner(optimizer), "build") and not hasattr(optimizer, "_slots"):
        optimizer.build(model.trainable_variables)
        return
    import tensorflow as tf
    gradients = [tf.zeros_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


class Live:
    def __init__(self, K, model, optimizer, random):
        self.by_value = {}
        weights = list(model.weights)
        trainable = list(model.trainable_variables)
        state = []
        if optimizer is not None:
            own = inner(optimizer)
            state = list(optimizer.variables() if callable(
                getattr(optimizer, "variables")) else optimizer.variables)
            extra = own.variables() if callable(own.variables) \
                else own.variables
            known = {id(v) for v in state}
            state += [v for v in extra if id(v) not in known]
        unique = {id(v): v for v in weights + state}
        scatter(unique.values(), random)
        owners = slot_owners(inner(optimizer), trainable) if optimizer else {}
        trained = {id(v) for v in trainable}
        for variable in weights:
            self.by_value[fingerprint(np.asarray(variable))] = {
                "kind": "weight", "name": name_of(K, variable),
                "trainable": id(variable) in trained}
        for variable in state:
            owner = owners.get(id(variable))
            self.by_value[fingerprint(np.asarray(variable))] = {
                "kind": "state", "name": name_of(K, variable),
                "owner": owner is not None and name_of(K, owner),
                "owner_value": owner is not None
                and fingerprint(np.asarray(owner))}


# ---- What the file holds.

def arrays_in(path):
    opened = path
    if path.endswith(".keras") and zipfile.is_zipfile(path):
        opened = io.BytesIO(zipfile.ZipFile(path).read("model.weights.h5"))
    found = {}

    def visit(key, node):
        if isinstance(node, h5py.Dataset):
            array = np.asarray(node)
            if node.attrs.get("dtype") == "bfloat16":
                array = array.view("uint16")
            found[key] = array

    with h5py.File(opened) as file:
        file.visititems(visit)
    return found


class FileJudge(Judge):
    def file(self, case, path, live):
        document = self.listing(case, path)
        if document is None:
            return
        bare = document["source"]["format"] == "keras-weights-h5"
        # What a subclassed model's layers are called stands in no file before
        # Keras 3.6; in none, what a variable that an own class owns is called,
        # nor that a Normalization was adapted before it got into the model.
        self.tells_names = "adapted" not in case and (
            "sub" not in case or not ("tf_keras" in case or "keras-3.0" in case
                                      or "keras-2." in case))
        by_key = {}
        for variable in document["variables"]:
            for key in variable.get("keys") or [variable["key"]]:
                by_key[key] = variable
        keys_by_value = {}
        arrays = arrays_in(path)
        for key, array in arrays.items():
            keys_by_value.setdefault(fingerprint(array), set()).add(key)
        self.say("issues", not document["issues"],
                 f"{case}: {document['issues'][:1]}")
        for key, array in arrays.items():
            self.array(f"{case}: {key}", by_key.get(key), array,
                       live.by_value.get(fingerprint(array)), bare, live,
                       keys_by_value)
        self.say("nothing more", set(by_key) == set(arrays),
                 f"{case}: {sorted(set(by_key) - set(arrays))[:3]}")

    def array(self, where, got, array, want, bare, live, keys_by_value):
        self.say("variable", got is not None, where)
        if got is None:
            return
        self.say("shape", got["shape"] == list(array.shape), where)
        if want is None:  # merged, packed or made anew on saving
            self.counts["not live", True] += 1
            return
        if want["kind"] == "weight":
            self.say("role", got["role"] == "weight", f"{where}: {got['role']}")
            own = "custom" in where and "block" in where.rsplit("/", 3)[1]
            if not bare and self.tells_names and not own:
                self.say("name", got["name"] == want["name"],
                         f"{where}: {got['name']}, is {want['name']}")
            if got.get("trainable") is not None:
                self.say("trainable", got["trainable"] == want["trainable"],
                         f"{where}: {got['trainable']}")
            return
        slot = got.get("slot")
        if got["role"] == "bookkeeping":  # Adafactor's, for vectors
            self.say("placeholder", array.ndim == 0 and not array.dtype.kind
                     == "f" and "adafactor" in where, where)
            return
        if not want["owner"]:
            self.say("no slot", slot is None,
                     f"{where}: {slot}, is {want['name']}")
            return
        self.say("slot", slot is not None,
                 f"{where}: {got['role']}, is {want['name']}")
        if slot is None:
            return
        keys = keys_by_value.get(want["owner_value"], set())
        if slot.get("owner") is None:
            self.counts["owner left open", True] += 1
            self.say("owner claimed", bare or "sub" in where or
                     "custom" in where, f"{where}: of {want['owner']}")
            return
        self.say("owner", slot.get("owner_key") in keys,
                 f"{where}: {slot['owner']}, is {want['owner']}")


def save(model, path, K):
    if path.endswith(".weights.h5") or "weights-only" in path:
        model.save_weights(path)
    else:
        model.save(path)


def skip(case, error, skipped):
    skipped[f"{type(error).__name__}: {error}"[:100]] += 1
    if os.environ.get("SHOW_SKIPPED"):
        print("skipped", case, str(error)[:200], flush=True)


def main():
    chosen = arguments(__doc__)
    random = np.random.default_rng(7)
    judge = FileJudge()
    skipped = collections.Counter()
    directory = chosen.keep or tempfile.mkdtemp()
    os.makedirs(directory, exist_ok=True)
    for flavour, K in flavours():
        makers = optimizers(K)
        cases = [(m, None) for m in MODELS] + [(m, "adam") for m in MODELS]
        cases += [(m, o) for o in makers
                  for m in (mlp, functional, recurrent, convolutions)]
        if chosen.quick:
            cases = [(m, o) for m in QUICK_MODELS
                     for o in [None] + [q for q in QUICK_OPTIMIZERS
                                        if q in makers]]
        for model_maker, optimizer_name in dict.fromkeys(cases):
            case = f"{flavour} {model_maker.__name__} {optimizer_name or '-'}"
            if chosen.only not in case:
                continue
            try:
                K.backend.clear_session()
                model = model_maker(K)
                optimizer = None
                if optimizer_name:
                    model.compile(makers[optimizer_name](), "mse")
                    optimizer = model.optimizer
                    train_once(K, model, optimizer)
                live = Live(K, model, optimizer, random)
            except Exception as error:  # this Keras does not have it
                skip(case, error, skipped)
                continue
            is3 = K.__version__.startswith("3.")
            for ending in (".keras", ".weights.h5", ".h5", "-weights-only.h5"):
                if ending == "-weights-only.h5" and (is3 or optimizer_name):
                    continue
                path = os.path.join(directory, case.replace(" ", "_") + ending)
                try:
                    save(model, path, K)
                except Exception as error:  # or cannot save it so
                    skip(case + ending, error, skipped)
                    continue
                judge.file(case + " " + ending, path, live)
                if not chosen.keep:
                    os.remove(path)
    for why, count in skipped.most_common():
        print(f"skipped {count}: {why}")
    judge.close()


main()
