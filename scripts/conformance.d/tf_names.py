#!/usr/bin/env python3
"""Saves graphs of TF1 with tf.train.Saver, lists the bundle and the .meta with
$CKPTDIFF, and compares with what the graph's own objects say: names, shapes,
types, trained or not, whose slot a variable is, and the step."""
# environments: tensorflow tensorflow-2.15
import collections
import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import tensorflow as tf

from judging import Judge, arguments

v1 = tf.compat.v1
T = v1.train

# The framework's words for its slots, and ours.
WORDS = {"accum": {"AdadeltaOptimizer": "accum_grad",
                   "FtrlOptimizer": "accumulator"},
         "accum_update": "accum_var", "linear": "linear"}


def canonical(optimizer, word):
    found = WORDS.get(word, word)
    if isinstance(found, dict):
        return found.get(type(optimizer).__name__, word)
    return found


# ---- Graphs. Each gives its optimizers with the variables they train, its
# averages, the step, and what the Saver is made with.

class Graph:
    def __init__(self):
        self.optimizers = []  # (optimizer, variables)
        self.averages = []    # (average, variables)
        self.saver = {}
        self.extra = []       # ops to be run once
        self.open = set()     # names that the file cannot settle

    def train(self, optimizer, variables, loss=None, **kwargs):
        if loss is None:
            loss = tf.add_n([tf.reduce_sum(tf.cast(v, tf.float32) ** 2)
                             for v in variables])
        self.extra.append(optimizer.minimize(
            loss, var_list=list(variables), **kwargs))
        self.optimizers.append((optimizer, list(variables)))


def dense(scope, n, m, reuse=None, **kwargs):
    with v1.variable_scope(scope, reuse=reuse, **kwargs):
        return [v1.get_variable("kernel", [n, m]), v1.get_variable("bias", [m])]


OPTIMIZERS = {
    "adam": lambda: T.AdamOptimizer(),
    "adagrad": lambda: T.AdagradOptimizer(0.1),
    "adadelta": lambda: T.AdadeltaOptimizer(0.1),
    "ftrl": lambda: T.FtrlOptimizer(0.1),
    "rmsprop": lambda: T.RMSPropOptimizer(0.1),
    "rmsprop_centered": lambda: T.RMSPropOptimizer(0.1, centered=True),
    "momentum": lambda: T.MomentumOptimizer(0.1, 0.9),
    "proximal_adagrad": lambda: T.ProximalAdagradOptimizer(0.1),
    "sgd": lambda: T.GradientDescentOptimizer(0.1),
    "proximal_sgd": lambda: T.ProximalGradientDescentOptimizer(0.1),
}


def two_layers(g):
    return dense("one", 3, 4) + dense("two", 4, 2)


def with_optimizer(name):
    def build(g):
        g.train(OPTIMIZERS[name](), two_layers(g))
    build.__name__ = "optimizer_" + name
    return build


def with_named(name):
    """An optimizer that was given a name of its own."""
    def build(g):
        makers = {
            "adam": lambda n: T.AdamOptimizer(name=n),
            "rmsprop": lambda n: T.RMSPropOptimizer(0.1, name=n),
            "centered": lambda n: T.RMSPropOptimizer(0.1, centered=True,
                                                     name=n),
            "momentum": lambda n: T.MomentumOptimizer(0.1, 0.9, name=n),
            "adagrad": lambda n: T.AdagradOptimizer(0.1, name=n),
            "ftrl": lambda n: T.FtrlOptimizer(0.1, name=n)}
        g.train(makers[name]("Trainer"), two_layers(g))
        if name in ("ftrl", "rmsprop", "adagrad", "momentum"):
            g.open |= {"slot"}
    build.__name__ = "named_" + name
    return build


def named_d_opt(g):
    d, n = dense("d", 3, 4), dense("g", 4, 2)
    g.train(T.AdamOptimizer(name="d_opt"), d)
    g.train(T.AdamOptimizer(name="g_opt"), n)


def two_of_a_kind(g):
    variables = two_layers(g)
    g.train(T.AdamOptimizer(), variables)
    g.train(T.AdamOptimizer(), variables)


def three_of_a_kind(g):
    variables = two_layers(g)
    for _ in range(3):
        g.train(T.AdamOptimizer(), variables)


def overlapping(g):
    a, b, c = dense("a", 3, 3), dense("b", 3, 3), dense("c", 3, 3)
    g.train(T.AdamOptimizer(), a + b)
    g.train(T.AdamOptimizer(), b + c)
    g.open |= {"slot.optimizer"}


def disjoint(g):
    g.train(T.RMSPropOptimizer(0.1), dense("a", 3, 3))
    g.train(T.RMSPropOptimizer(0.1), dense("b", 3, 3))


def two_rmsprops(g):
    variables = two_layers(g)
    g.train(T.RMSPropOptimizer(0.1), variables)
    g.train(T.RMSPropOptimizer(0.1), variables)


def rmsprop_and_momentum(g):
    variables = two_layers(g)
    g.train(T.RMSPropOptimizer(0.1), variables)
    g.train(T.MomentumOptimizer(0.1, 0.9), variables)


def centered_twice(g):
    variables = two_layers(g)
    g.train(T.RMSPropOptimizer(0.1, centered=True), variables)
    g.train(T.RMSPropOptimizer(0.1, centered=True), variables)


def ema_of(variables, **kwargs):
    ema = T.ExponentialMovingAverage(0.9, **kwargs)
    return ema, ema.apply(variables)


def ema_adam_step(g):
    variables = two_layers(g)
    step = T.get_or_create_global_step()
    g.train(T.AdamOptimizer(), variables, global_step=step)
    ema, op = ema_of(variables)
    g.extra.append(op)
    g.averages.append((ema, variables))


def ema_zero_debias(g):
    variables = two_layers(g)
    ema, op = ema_of(variables, zero_debias=True)
    g.extra.append(op)
    g.averages.append((ema, variables))


def ema_two(g):
    variables = two_layers(g)
    for _ in range(2):
        ema, op = ema_of(variables)
        g.extra.append(op)
        g.averages.append((ema, variables))


def ema_named(g):
    variables = two_layers(g)
    ema, op = ema_of(variables, name="Polyak")
    g.extra.append(op)
    g.averages.append((ema, variables))
    g.open |= {"average"}


def ema_in_scope(g):
    with v1.variable_scope("net"):
        variables = two_layers(g)
        with v1.variable_scope("avg"):
            ema, op = ema_of(variables)
    g.extra.append(op)
    g.averages.append((ema, variables))


def ema_restored_only(g):
    """Only the averages are saved, under the variables' names."""
    variables = two_layers(g)
    ema, op = ema_of(variables)
    g.extra.append(op)
    g.saver["var_list"] = {v.op.name: ema.average(v) for v in variables}


def batch_norm(g):
    with v1.variable_scope("bn"):
        gamma = v1.get_variable("gamma", [4])
        beta = v1.get_variable("beta", [4])
        v1.get_variable("moving_mean", [4], trainable=False)
        v1.get_variable("moving_variance", [4], trainable=False)
    g.train(T.AdamOptimizer(), v1.trainable_variables())


def scopes(g):
    with v1.variable_scope("model/encoder"):
        variables = two_layers(g)
    with v1.variable_scope("training"):
        g.train(T.AdamOptimizer(), variables)
        T.get_or_create_global_step()


def scopes_two(g):
    with v1.variable_scope("model"):
        variables = two_layers(g)
    with v1.variable_scope("generator"):
        g.train(T.AdamOptimizer(), variables)
    with v1.variable_scope("discriminator"):
        g.train(T.AdamOptimizer(), variables)


def same_scope_as_model(g):
    with v1.variable_scope("model"):
        variables = two_layers(g)
        g.train(T.AdamOptimizer(), variables)


def equal_tail(g):
    """Slots in a scope, of variables whose names end alike."""
    variables = dense("fc", 3, 3)
    with v1.variable_scope("net"):
        variables += dense("fc", 3, 3)
    with v1.variable_scope("opt"):
        g.train(T.AdamOptimizer(), variables)


def nested_equal(g):
    variables = dense("fc", 3, 3)
    with v1.variable_scope("net"):
        variables += dense("fc", 3, 3)
    with v1.variable_scope("net"):
        g.train(T.MomentumOptimizer(0.1, 0.9), variables)
    g.open |= {"slot", "owner"}  # net/fc/kernel/Momentum of either


def partitioned(g, axis=0, optimizer="adam"):
    w = v1.get_variable("emb", [8, 6], partitioner=v1.fixed_size_partitioner(
        3, axis=axis))
    b = v1.get_variable("b", [6])
    loss = tf.reduce_sum(tf.convert_to_tensor(w)) + tf.reduce_sum(b)
    o = OPTIMIZERS[optimizer]()
    g.train(o, list(w) + [b], loss)


def partitioned_columns(g):
    partitioned(g, 1, "ftrl")


def partitioned_ema(g):
    w = v1.get_variable("emb", [8, 6],
                        partitioner=v1.fixed_size_partitioner(2))
    ema, op = ema_of(list(w))
    g.extra.append(op)
    g.averages.append((ema, list(w)))


def called_like_slots(g):
    with v1.variable_scope("Adam"):
        variables = two_layers(g)
    variables += [v1.get_variable("net/Adam_1", [3]),
                  v1.get_variable("net/Momentum", [3])]
    v1.get_variable("m", [2])
    v1.get_variable("v", [2])


def layer_called_adam(g):
    """A user's own layer Adam_1 below a trained net."""
    with v1.variable_scope("net"):
        variables = dense("Adam", 3, 3) + dense("Adam_1", 3, 3)
    g.train(T.AdamOptimizer(), variables)


def variable_called_adam(g):
    variables = [v1.get_variable("net/Adam", [3]),
                 v1.get_variable("net/w", [3])]
    g.train(T.AdamOptimizer(), variables)


def own_ema_below(g):
    """A user's variable below another of its shape."""
    w = v1.get_variable("fc/w", [3, 3])
    v1.get_variable("fc/w/mask", [3, 3], trainable=False)
    v1.get_variable("fc/w/threshold", [], trainable=False)
    g.train(T.MomentumOptimizer(0.1, 0.9), [w])
    g.open |= {"fc/w/mask"}


def scalar_weights(g):
    a = v1.get_variable("alpha", [])
    b = v1.get_variable("beta", [1])
    g.train(T.AdamOptimizer(), [a, b])


def learning_rate_variable(g):
    variables = two_layers(g)
    rate = v1.get_variable("learning_rate", [], trainable=False)
    g.train(T.AdamOptimizer(rate), variables)
    g.open |= {"role learning_rate"}


def two_steps(g):
    variables = two_layers(g)
    step = T.get_or_create_global_step()
    v1.get_variable("gan/global_step", [], tf.int64, trainable=False,
                    initializer=v1.zeros_initializer())
    g.train(T.AdamOptimizer(), variables, global_step=step)
    g.open |= {"step", "gan/global_step"}


def dtypes(g):
    for name, dtype in [("f64", tf.float64), ("f16", tf.float16),
                        ("bf16", tf.bfloat16), ("i8", tf.int8),
                        ("u8", tf.uint8), ("i16", tf.int16),
                        ("u16", tf.uint16), ("u32", tf.uint32),
                        ("u64", tf.uint64),
                        ("i64", tf.int64), ("b", tf.bool),
                        ("c64", tf.complex64), ("c128", tf.complex128)]:
        v1.get_variable("d/" + name, initializer=tf.cast(
            tf.ones([2, 3]), dtype), trainable=False)
    v1.get_variable("d/s", initializer=tf.constant([["a", "bc"]]),
                    trainable=False)
    for name, dtype in [("qi8", tf.qint8), ("qu8", tf.quint8),
                        ("qi32", tf.qint32)]:
        v1.get_variable("q/" + name, trainable=False, initializer=tf.bitcast(
            tf.ones([2, 3], {"qi8": tf.int8, "qu8": tf.uint8,
                             "qi32": tf.int32}[name]), dtype))
    v1.get_variable("e/empty", [0, 3])
    v1.get_variable("e/scalar", [])


def adam_half(g):
    a = v1.get_variable("a", [3, 2], tf.float16)
    b = v1.get_variable("b", [3, 2], tf.float64)
    g.train(T.MomentumOptimizer(0.1, 0.9), [a])
    g.train(T.AdagradOptimizer(0.1), [b])


def saver_dict(g):
    variables = two_layers(g)
    g.train(T.AdamOptimizer(), variables)
    g.saver["var_list"] = {"renamed/" + v.op.name.replace("/", "."): v
                           for v in variables}


def saver_some(g):
    variables = two_layers(g)
    g.train(T.AdamOptimizer(), variables)
    g.saver["var_list"] = variables


def saver_sharded(g):
    with tf.device("/cpu:0"):
        variables = two_layers(g)
    g.train(T.AdamOptimizer(), variables)
    g.saver["sharded"] = True


def saver_trainable_and_m(g):
    """Slots of which half was left out."""
    variables = two_layers(g)
    o = T.AdamOptimizer()
    g.train(o, variables)
    g.saver["var_list"] = variables + [o.get_slot(v, "m") for v in variables]


def rnn_loop(g):
    w = v1.get_variable("cell/kernel", [3, 3])
    x = tf.ones([1, 3])
    _, y = tf.while_loop(lambda i, y: i < 3,
                         lambda i, y: (i + 1, tf.matmul(y, w)), [0, x])
    g.train(T.AdamOptimizer(), [w], tf.reduce_sum(y))


def locals_too(g):
    variables = two_layers(g)
    v1.get_variable("local", [3], collections=["local_variables"],
                    trainable=False)
    g.train(T.AdamOptimizer(), variables)


def odd_names(g):
    for name in ("a.b", "a-b", "a_b", "x/1", "W1_2"):
        v1.get_variable(name, [2])
    g.train(T.AdamOptimizer(), v1.trainable_variables())


def number_tail(g):
    """Scopes and variables that end in numbers."""
    variables = [v1.get_variable(n, [3, 3]) for n in (
        "w", "w_1", "w_2", "h1/w_1", "h_1/w", "w_1/w")]
    g.train(T.AdamOptimizer(), variables)


def auto_named(g):
    variables = [tf.Variable(tf.ones([2, 2])) for _ in range(3)]
    g.train(T.AdamOptimizer(), variables)


def keras_optimizer_in_graph(legacy):
    def build(g):
        import tf_keras as K
        variables = two_layers(g)
        makers = {"adam": K.optimizers.legacy.Adam,
                  "sgd": lambda: K.optimizers.legacy.SGD(0.1, momentum=0.9),
                  "rmsprop": lambda: K.optimizers.legacy.RMSprop(
                      centered=True, momentum=0.9),
                  "nadam": K.optimizers.legacy.Nadam,
                  "ftrl": K.optimizers.legacy.Ftrl,
                  "adadelta": K.optimizers.legacy.Adadelta}
        o = makers[legacy]()
        loss = tf.add_n([tf.reduce_sum(v ** 2) for v in variables])
        g.extra.append(o.get_updates(loss, variables))
        g.keras = (o, variables)
    build.__name__ = "keras_" + legacy
    return build


BUILDERS = ([with_optimizer(n) for n in OPTIMIZERS] +
            [with_named(n) for n in ("adam", "rmsprop", "centered",
                                     "momentum", "adagrad", "ftrl")] + [
    named_d_opt, two_of_a_kind, three_of_a_kind, overlapping, disjoint,
    two_rmsprops, rmsprop_and_momentum, centered_twice, ema_adam_step,
    ema_zero_debias, ema_two, ema_named, ema_in_scope, ema_restored_only,
    batch_norm, scopes, scopes_two, same_scope_as_model, equal_tail,
    nested_equal, partitioned, partitioned_columns, partitioned_ema,
    called_like_slots, layer_called_adam,
    variable_called_adam, own_ema_below, scalar_weights,
    learning_rate_variable, two_steps, dtypes, adam_half,
    saver_dict, saver_some, saver_sharded, saver_trainable_and_m, rnn_loop,
    locals_too, odd_names, number_tail, auto_named] +
    [keras_optimizer_in_graph(n) for n in ("adam", "sgd", "rmsprop", "nadam",
                                           "ftrl", "adadelta")])


# ---- What the graph says.

def full_name(variable):
    info = variable._get_save_slice_info()
    return info.full_name if info else variable.op.name


def saved_variables(graph):
    """{key: variable}, as the Saver is told."""
    chosen = graph.saver.get("var_list")
    if isinstance(chosen, dict):
        return dict(chosen)
    chosen = chosen or (v1.global_variables() +
                        v1.get_collection(v1.GraphKeys.SAVEABLE_OBJECTS))
    return {full_name(v): v for v in chosen}


def truth_of(graph):
    saved = saved_variables(graph)
    key_of = {}
    for key, variable in saved.items():
        key_of[variable.ref()] = key
    for variable in v1.global_variables():  # parts
        if variable.ref() not in key_of and full_name(variable) in saved:
            key_of[variable.ref()] = full_name(variable)
    trained_names = {full_name(v) for v in v1.trainable_variables()}
    truth = {}
    step = None
    for key, variable in saved.items():
        truth[key] = {"role": "weight", "slot": None,
                      "trainable": full_name(variable) in trained_names}
    def own(variable, role):
        key = key_of.get(variable.ref())
        if key is not None:
            truth[key]["role"] = role
    for nth, (optimizer, variables) in enumerate(graph.optimizers):
        slots = set()
        for word in optimizer.get_slot_names():
            for variable in variables:
                slot = optimizer.get_slot(variable, word)
                if slot is None:
                    continue
                slots.add(slot.ref())
                own(slot, "slot")
                key = key_of.get(slot.ref())
                if key is not None:
                    owner = key_of.get(variable.ref())
                    truth[key]["slot"] = (canonical(optimizer, word), owner,
                                          nth)
        for variable in optimizer.variables():
            if variable.ref() not in slots:
                own(variable, "optimizer")
    if hasattr(graph, "keras"):
        optimizer, variables = graph.keras
        slots = set()
        for word in optimizer.get_slot_names():
            for variable in variables:
                slot = optimizer.get_slot(variable, word)
                slots.add(slot.ref())
                own(slot, "slot")
                key = key_of.get(slot.ref())
                if key is not None:
                    truth[key]["slot"] = (word, key_of.get(variable.ref()), 0)
        for variable in optimizer.variables():
            if variable.ref() not in slots:
                own(variable, "optimizer")
        for variable in optimizer._hyper.values():
            if hasattr(variable, "ref"):
                own(variable, "optimizer")
    for average, variables in graph.averages:
        for variable in variables:
            shadow = average.average(variable)
            own(shadow, "average")
            key = key_of.get(shadow.ref())
            if key is not None:
                truth[key]["slot"] = ("average", key_of.get(variable.ref()),
                                      None)
    global_step = T.get_global_step()
    if global_step is not None and global_step.ref() in key_of:
        own(global_step, "step")
        step = key_of[global_step.ref()]
    return truth, step


# ---- The comparison.

def compare(judge, case, document, truth, shapes, dtypes, open_, is_meta):
    got = {v["key"]: v for v in document["variables"]}
    judge.say("nothing more", set(got) == set(truth),
              f"{case}: {sorted(set(got) ^ set(truth))[:4]}")
    judge.say("issues", not document["issues"], f"{case} {document['issues']}")
    ids = collections.defaultdict(set)
    for key, want in truth.items():
        have = got.get(key)
        if have is None:
            continue
        where = f"{case}: {key}"
        judge.say("name", have["name"] == key, where)
        judge.say("shape", have["shape"] == shapes[key],
                  f"{where}: {have['shape']}, is {shapes[key]}")
        judge.say("dtype", have["dtype"] == dtypes[key],
                  f"{where}: {have['dtype']}, is {dtypes[key]}")
        if is_meta and want["role"] == "weight":
            judge.say("trainable", have.get("trainable") == want["trainable"],
                      f"{where}: {have.get('trainable')}")
        if key in open_ or f"role {key}" in open_ or (
                want["role"] == "average" and "average" in open_):
            continue
        judge.say("role", have["role"] == want["role"],
                  f"{where}: {have['role']}, is {want['role']}")
        if want["slot"] is None:
            judge.say("no slot", have.get("slot") is None,
                      f"{where}: {have.get('slot')}")
            continue
        slot = have.get("slot") or {}
        word, owner, nth = want["slot"]
        if "slot" not in open_:
            judge.say("slot", slot.get("slot") == word,
                      f"{where}: {slot.get('slot')}, is {word}")
        if "owner" not in open_:
            judge.say("owner", slot.get("owner") == owner,
                      f"{where}: {slot.get('owner')}, is {owner}")
        if nth is not None:
            ids[slot.get("optimizer")].add(nth)
    if "slot.optimizer" not in open_ and "owner" not in open_:
        for name, nths in ids.items():
            one = len(nths) == 1
            judge.say("one optimizer an id", one or "disjoint" in case
                      or "overlap" in case,
                      f"{case}: {name} is optimizers {sorted(nths)}")


def run_case(judge, directory, build, resource):
    case = build.__name__ + ("-resource" if resource else "")
    prefix = os.path.join(directory, case, "model.ckpt")
    os.makedirs(os.path.dirname(prefix), exist_ok=True)
    graph = Graph()
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable_scope().set_use_resource(resource)
        build(graph)
        session.run(v1.global_variables_initializer())
        session.run(v1.local_variables_initializer())
        for op in graph.extra:
            try:
                session.run(op)
            except tf.errors.OpError:
                pass
        saver = T.Saver(**graph.saver)
        saver.save(session, prefix)
        truth, step = truth_of(graph)
    reader = tf.train.load_checkpoint(prefix)
    shapes = {k: list(s)
              for k, s in reader.get_variable_to_shape_map().items()}
    dtypes = {k: d.name for k, d in reader.get_variable_to_dtype_map().items()}
    judge.say("truth", set(shapes) == set(truth),
              f"{case}: {sorted(set(shapes) ^ set(truth))}")
    for path, is_meta in ((prefix, False), (prefix + ".meta", True)):
        where = case + (" .meta" if is_meta else "")
        target = path
        if is_meta:  # typed beside its checkpoint it stands for that
            target = os.path.join(directory, case + ".meta")
            os.replace(path, target)
        document = judge.listing(where, target)
        if document is None:
            continue
        compare(judge, where, document, truth, shapes, dtypes, graph.open,
                is_meta)
        if not is_meta and "step" not in graph.open:
            value = int(reader.get_tensor(step)) if step else None
            if hasattr(graph, "keras"):
                value = 1
            judge.say("step", document["source"]["step"] == value,
                      f"{where}: {document['source']['step']}, is {value}")


def main():
    chosen = arguments(__doc__)
    judge = Judge()
    directory = chosen.keep or tempfile.mkdtemp()
    for build in BUILDERS[:12] if chosen.quick else BUILDERS:
        for resource in (False, True):
            if chosen.only not in build.__name__:
                continue
            try:
                run_case(judge, directory, build, resource)
            except Exception as error:
                print(f"skipped {build.__name__} {resource}: "
                      f"{type(error).__name__}: {error}"[:300])
    judge.close()


main()
