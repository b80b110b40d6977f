#!/usr/bin/env python3
"""Writes the fixture pairs of testdata/rules and testdata/causes.

Each is a pair of layout documents, made by hand here: what a rule or a cause
says depends on names, shapes, roles and slots alone, whoever wrote the file.
Goldens beside them are written by the tests (UPDATE_GOLDENS=1).
"""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]


def w(name, *shape, dtype="float32", **more):
    return {"name": name, "shape": list(shape), "dtype": dtype, **more}


def slot(owner, kind, *shape, name=None, optimizer="Adam", **more):
    return w(name or f"{owner}/{optimizer}/{kind}", *shape, role="slot",
             slot={"optimizer": optimizer, "slot": kind, "owner": owner},
             **more)


def doc(variables, framework="tensorflow", by="name", **more):
    return {"schema": "ckptdiff/layout/v1",
            "source": {"framework": framework, "addressed_by": by},
            "variables": variables, **more}


def dense(name, i, o, sep="/", leaves=("kernel", "bias"), **more):
    return [w(f"{name}{sep}{leaves[0]}", i, o, **more),
            w(f"{name}{sep}{leaves[1]}", o, **more)]


def linear(name, i, o):
    return [w(f"{name}.weight", o, i), w(f"{name}.bias", o)]


def adam(weights, name=None):
    """Slots as TF1 names them: d_w1/Adam and d_w1/Adam_1."""
    out = []
    for v in weights:
        out.append(slot(v["name"], "m", *v["shape"],
                        name=f"{v['name']}/{name or 'Adam'}"))
        out.append(slot(v["name"], "v", *v["shape"],
                        name=f"{v['name']}/{name or 'Adam'}_1"))
    return out


def torch(*parts, **more):
    return doc([v for part in parts for v in part], "pytorch", **more)


def norm(name, n, counter=True):
    vs = [w(f"{name}.weight", n), w(f"{name}.bias", n),
          w(f"{name}.running_mean", n), w(f"{name}.running_var", n)]
    if counter:
        vs.append(w(f"{name}.num_batches_tracked", dtype="int64"))
    return vs


MLP = dense("dense1", 20, 10) + dense("dense2", 10, 5) + dense("out", 5, 3)
NET = linear("fc1", 8, 6) + linear("fc2", 6, 4) + linear("head", 4, 3)
ADAM = [{"id": "Adam", "class": "Adam", "slots": ["m", "v"]}]


def renamed(variables, old, new):
    text = json.dumps(variables).replace(f'"{old}', f'"{new}')
    return json.loads(text)


def block(prefix, n, d=8):
    return [v for i in range(n) for v in
            linear(f"{prefix}.{i}.query", d, d)
            + linear(f"{prefix}.{i}.dense", d, 2 * d)]


def issue(rule, where, message):
    return [{"rule": rule, "where": where, "message": message}]


CLEAN = (doc(MLP), doc(MLP))

RULES = {
    "missing-variable": {"fires": (doc(MLP[:4]), doc(MLP)), "silent": CLEAN},
    "unexpected-variable": {"fires": (doc(MLP), doc(MLP[:4])),
                            "silent": (doc(MLP + [w("beta", role="optimizer")],
                                           optimizers=ADAM), doc(MLP))},
    "renamed-variable": {
        "fires": (doc(MLP), doc(renamed(MLP, "dense", "dense_"))),
        "silent": (doc(renamed(MLP, "dense1/kernel", "dense1/kernel:0")),
                   doc(MLP))},
    "untracked-variable": {
        "fires": (doc(MLP[1:]), doc(MLP)),
        "optional-bias": (doc([MLP[0]] + MLP[2:]), doc(MLP)),
        "says-so": (doc(MLP[1:]),
                    doc([dict(MLP[0], tracked=False)] + MLP[1:])),
        "silent": CLEAN},
    "shape-mismatch": {
        "fires": (doc(MLP), doc(MLP[:4] + dense("out", 5, 7))),
        "silent": (doc(MLP), doc([dict(MLP[0], shape=[None, 10])] + MLP[1:]))},
    "transposed-variable": {
        "fires": (doc(MLP), doc([dict(v, shape=v["shape"][::-1])
                                 for v in MLP])),
        "silent": CLEAN},
    "dtype-mismatch": {
        "fires": (doc([dict(v, dtype="float16") for v in MLP]), doc(MLP)),
        "silent": (doc([{"name": v["name"], "shape": v["shape"]}
                        for v in MLP]), doc(MLP))},
    "fused-variable": {
        "fires": (torch([w(f"layers.{i}.attn.qkv_proj.weight", 24, 8)
                         for i in range(2)]),
                  torch([w(f"layers.{i}.attn.{p}_proj.weight", 8, 8)
                         for i in range(2) for p in "qkv"])),
        "silent": CLEAN},
    "split-variable": {
        "fires": (torch([w(f"layers.{i}.attn.{p}_proj.weight", 8, 8)
                         for i in range(2) for p in "qkv"]),
                  torch([w(f"layers.{i}.attn.qkv_proj.weight", 24, 8)
                         for i in range(2)])),
        "silent": CLEAN},
    "duplicate-variable": {
        "fires": (doc(MLP + [dict(MLP[0], key="other")]), doc(MLP)),
        "silent": (doc([dict(v, key=f"k{i}") for i, v in
                        enumerate(MLP + [MLP[0]])], by="key"),
                   doc([dict(v, key=f"k{i}") for i, v in
                        enumerate(MLP + [MLP[0]])], by="key"))},
    "missing-layer": {"fires": (doc(MLP[2:]), doc(MLP)),
                      "silent": (doc(MLP[1:]), doc(MLP))},
    "unexpected-layer": {"fires": (doc(MLP), doc(MLP[2:])),
                         "silent": CLEAN},
    "layer-order": {
        "fires": (doc(MLP[2:4] + MLP[:2] + MLP[4:], "keras", "order"),
                  doc(MLP, "keras", "order")),
        "silent": (doc(MLP[2:4] + MLP[:2] + MLP[4:]), doc(MLP))},
    "missing-slot": {
        "fires": (doc(MLP + adam(MLP[:4]), optimizers=ADAM),
                  doc(MLP + adam(MLP), optimizers=ADAM)),
        "silent": (doc(MLP[:4] + adam(MLP[:4]), optimizers=ADAM),
                   doc(MLP + adam(MLP), optimizers=ADAM))},
    "orphan-slot": {
        "fires": (doc(MLP + adam(MLP), optimizers=ADAM),
                  doc(MLP[:4] + adam(MLP[:4]), optimizers=ADAM)),
        "silent": (doc(MLP + adam(MLP), optimizers=ADAM), doc(MLP[:4]))},
    "renamed-slot": {
        "fires": (doc(MLP + adam(MLP), optimizers=ADAM),
                  doc(renamed(MLP + adam(MLP), "dense", "dense_"),
                      optimizers=ADAM)),
        "silent": (doc(MLP + adam(MLP), optimizers=ADAM),
                   doc(MLP + [slot(v["name"], k, *v["shape"])
                              for v in MLP for k in "mv"], optimizers=ADAM))},
    "slot-shape-mismatch": {
        "fires": (doc(MLP + adam(MLP), optimizers=ADAM),
                  doc(MLP[:4] + dense("out", 5, 7)
                      + adam(MLP[:4] + dense("out", 5, 7)), optimizers=ADAM)),
        "silent": (doc(MLP + adam(MLP)), doc(MLP + adam(MLP)))},
    "optimizer-mismatch": {
        "fires": (doc(MLP + [slot(v["name"], "momentum", *v["shape"],
                                  name=v["name"] + "/Momentum",
                                  optimizer="Momentum") for v in MLP]),
                  doc(MLP + adam(MLP), optimizers=ADAM)),
        "nobody-asks": (doc(MLP + adam(MLP), optimizers=ADAM), doc(MLP)),
        "silent": (doc(MLP + adam(MLP),
                       optimizers=[dict(ADAM[0], **{"class": "AdamW"})]),
                   doc(MLP + adam(MLP), optimizers=ADAM))},
    "missing-optimizer": {
        "fires": (doc(MLP), doc(MLP + adam(MLP), optimizers=ADAM)),
        "silent": (doc(MLP + adam(MLP[:2])), doc(MLP + adam(MLP)))},
    "incomplete-optimizer": {
        "fires": (doc(MLP + adam(MLP[:2])), doc(MLP + adam(MLP))),
        "silent": (doc(MLP), doc(MLP + adam(MLP)))},
    "missing-step": {
        "fires": (doc(MLP), doc(MLP + [w("global_step", dtype="int64",
                                         role="step")])),
        "silent": (doc(MLP), doc(MLP + [w("Adam/iteration", dtype="int64",
                                          role="optimizer")], by="key"))},
}
for rule, where, message in [
        ("checksum-mismatch", "out/bias", "bytes give 1, the index says 2"),
        ("missing-shard", "m-00002-of-00002.h5", "not there"),
        ("truncated-data", "out/bias", "ends at 4096, the file has 4000"),
        ("unwritten-data", "out/bias", "a hole"),
        ("overlapping-tensors", "out/bias", "overlaps out/kernel"),
        ("stale-state-file", "checkpoint", "names model-9, not there"),
        ("unsafe-pickle", "data.pkl", "names posix.system"),
        ("unreadable-checkpoint", "part", "no format claims it"),
        ("external-link", "out/bias", "points to other.h5")]:
    RULES[rule] = {"fires": (doc(MLP, issues=issue(rule, where, message)),
                             doc(MLP)), "silent": CLEAN}

GAN = [w("g_w1", 4, 8), w("g_b1", 8), w("d_w1", 8, 4), w("d_b1", 4)]
LORA = [v for i in range(2) for v in
        [w(f"base_model.model.layers.{i}.query.base_layer.weight", 8, 8),
         w(f"base_model.model.layers.{i}.query.lora_A.default.weight", 2, 8),
         w(f"base_model.model.layers.{i}.query.lora_B.default.weight", 8, 2),
         w(f"base_model.model.layers.{i}.dense.weight", 16, 8)]]
PLAIN = [v for i in range(2) for v in
         [w(f"layers.{i}.query.weight", 8, 8),
          w(f"layers.{i}.dense.weight", 16, 8)]]
FLAX = [w("params/fc1/kernel", 8, 6), w("params/fc1/bias", 6),
        w("params/fc2/kernel", 6, 4), w("params/fc2/bias", 4),
        w("params/norm/scale", 4), w("params/norm/bias", 4)]
TORCH = [w("fc1.weight", 6, 8), w("fc1.bias", 6), w("fc2.weight", 4, 6),
         w("fc2.bias", 4), w("norm.weight", 4), w("norm.bias", 4)]
OPT_STATE = [slot("params/fc1/kernel", k, 8, 6,
                  name=f"opt_state/0/{n}/fc1/kernel")
             for k, n in (("m", "mu"), ("v", "nu"))]
ENCODER = linear("encoder.fc1", 8, 6) + linear("encoder.fc2", 6, 4)
DECODER = linear("decoder.fc1", 4, 6) + linear("decoder.fc2", 6, 9)
EMBED = [w("wte.weight", 100, 8)] + linear("h.0.fc", 8, 16)
DRIFT_OLD = [v for i in range(3) for v in
             linear(f"encoder.layer.{i}.attention.attention.query", 8, 8)
             + linear(f"encoder.layer.{i}.intermediate.dense", 8, 16)
             + linear(f"encoder.layer.{i}.norm_before", 8, 1)]
DRIFT_NEW = [v for i in range(3) for v in
             linear(f"layers.{i}.attention.q_proj", 8, 8)
             + linear(f"layers.{i}.mlp.fc1", 8, 16)
             + linear(f"layers.{i}.norm_before", 8, 1)]


def torch_slots(weights, order=None):
    order = order or weights
    return [slot(v["name"], k, *v["shape"],
                 name=f"optimizer.state.{i}.{raw}")
            for i, v in enumerate(order)
            for k, raw in (("m", "exp_avg"), ("v", "exp_avg_sq"))]


NETS = (torch(NET), torch(NET))

CAUSES = {
    "layers-renamed": {
        "fires": (doc(MLP + adam(MLP)),
                  doc(renamed(MLP + adam(MLP), "dense", "dense_"))),
        "silent": CLEAN},
    "scope-prefix": {
        "fires": (doc(renamed(renamed(MLP, "d", "gan/d"), "o", "gan/o")),
                  doc(renamed(renamed(MLP, "d", "net/g/d"), "o", "net/g/o"))),
        "silent": (doc(MLP), doc(renamed(MLP, "dense1", "first")))},
    "wrapper-prefix": {
        "fires": (torch([dict(v, name="module." + v["name"]) for v in NET]),
                  torch(NET)),
        "inside": (torch(renamed(block("blocks", 3), "blocks.", "blocks.")),
                   torch([dict(v, name=v["name"].replace(
                       ".query", "._orig_mod.query").replace(
                           ".dense", "._orig_mod.dense"))
                       for v in block("blocks", 3)])),
        "silent": NETS},
    "blind-prefix-strip": {
        "fires": (torch([dict(v, name=v["name"][7:])
                         for v in block("backbone", 2)]),
                  torch(block("backbone", 2))),
        "silent": (torch([dict(v, name=v["name"][9:])
                          for v in block("backbone", 2)]),
                   torch(block("backbone", 2)))},
    "auto-numbered-names": {
        "fires": (doc(dense("dense", 20, 10) + dense("dense_1", 10, 5)
                      + dense("dense_2", 5, 3), "keras", "order"),
                  doc(dense("dense_3", 20, 10) + dense("dense_4", 10, 5)
                      + dense("dense_5", 5, 3), "keras", "order")),
        "silent": (doc(MLP), doc(renamed(MLP, "dense", "dense_")))},
    "container-path-changed": {
        "fires": (torch(NET, block("blocks", 2)),
                  torch(renamed(NET, "fc", "features.fc"),
                        block("blocks", 2))),
        "silent": NETS},
    "cross-library-names": {
        "fires": (doc(FLAX, "flax"), torch(TORCH)),
        "silent": (doc(FLAX, "flax"), doc(FLAX, "flax"))},
    "reparametrization": {
        "fires": (torch(LORA), torch(PLAIN)),
        "weight-norm": (torch([w("0.weight", 6, 8), w("0.bias", 6),
                               w("1.weight", 4, 6), w("1.bias", 4)]),
                        torch([w(f"{i}.{n}", *s) for i, o, k in
                               ((0, 6, 8), (1, 4, 6)) for n, s in
                               (("bias", (o,)),
                                ("parametrizations.weight.original0", (o, 1)),
                                ("parametrizations.weight.original1",
                                 (o, k)))])),
        "silent": (torch(PLAIN), torch(PLAIN))},
    "key-type-changed": {
        "fires": (doc([dict(v, name=f"layers/['{i}']/{v['name']}")
                       for i in range(3) for v in dense("fc", 4 + i, 5)],
                      "flax"),
                  doc([dict(v, name=f"layers/{i}/{v['name']}")
                       for i in range(3) for v in dense("fc", 4 + i, 5)],
                      "flax")),
        "silent": CLEAN},
    "head-replaced": {
        "fires": (doc(MLP), doc(MLP[:4] + dense("out", 5, 7))),
        "renamed-too": (torch(NET[:4], linear("classifier", 4, 3)),
                        torch(NET[:4], linear("logits", 4, 9))),
        "silent": (doc(MLP), doc(dense("dense1", 21, 10) + MLP[2:]))},
    "vocabulary-resized": {
        "fires": (torch(EMBED, [w("lm_head.weight", 100, 8)]),
                  torch([w("wte.weight", 120, 8)], EMBED[1:],
                        [w("lm_head.weight", 120, 8)])),
        "silent": (torch(EMBED), torch(EMBED))},
    "transposed-layout": {
        "fires": (doc([dict(v, shape=v["shape"][::-1]) for v in MLP]),
                  doc(MLP)),
        "silent": CLEAN},
    "fused-parameters": {"fires": RULES["fused-variable"]["fires"],
                         "split": RULES["split-variable"]["fires"],
                         "silent": CLEAN},
    "dtype-changed": {"fires": RULES["dtype-mismatch"]["fires"],
                      "silent": CLEAN},
    "config-mismatch": {
        "fires": (torch(block("layers", 3)), torch(block("layers", 5))),
        "width": (torch(linear("fc1", 8, 16) + linear("fc2", 16, 16)
                        + linear("fc3", 16, 16) + linear("fc4", 16, 2)),
                  torch(linear("fc1", 8, 32) + linear("fc2", 32, 32)
                        + linear("fc3", 32, 32) + linear("fc4", 32, 2))),
        "flag": (torch(NET), torch([v for v in NET
                                    if v["name"].endswith("weight")])),
        "silent": NETS},
    "architecture-changed": {
        "fires": (doc(MLP), doc(MLP[:4] + dense("extra", 5, 9)
                                + dense("out", 5, 3))),
        "silent": CLEAN},
    "version-drift": {"fires": (torch(DRIFT_OLD), torch(DRIFT_NEW)),
                      "silent": NETS},
    "wrong-checkpoint": {
        "fires": (doc(MLP), doc([w(f"conv{i}/{n}", *s) for i in range(6)
                                 for n, s in (("kernel", (3, 3, 7 + i, 9)),
                                              ("gain", (9, 2 + i)))])),
        "silent": CLEAN},
    "buffer-persistence": {
        "fires": (torch(norm("bn", 4, False), NET),
                  torch(norm("bn", 4), NET)),
        "position-ids": (torch(NET, [w("position_ids", 1, 9, dtype="int64")]),
                         torch(NET)),
        "seed-generator": (
            doc(MLP, "tensorflow", "key"),
            doc(MLP + [w("seed_generator/seed_generator_state", 2,
                         dtype="int64")], "tensorflow", "key")),
        "silent": (torch(norm("bn", 4), NET), torch(norm("bn", 4), NET))},
    "tied-weights": {
        "fires": (torch(EMBED), torch(EMBED, [w("lm_head.weight", 100, 8)])),
        "says-so": (torch(EMBED), torch(EMBED, [w("proj.weight", 100, 8,
                                                  tied_to="wte.weight")])),
        "silent": (torch(EMBED), torch(EMBED))},
    "partial-checkpoint": {
        "fires": (torch(ENCODER), torch(ENCODER, DECODER)),
        "silent": (torch(ENCODER, DECODER), torch(ENCODER, DECODER))},
    "untracked-variable": {"fires": RULES["untracked-variable"]["fires"],
                           "silent": CLEAN},
    "model-not-built": {
        "fires": (doc(MLP, "keras", "order"),
                  doc([], "keras", "order",
                      layers=[{"name": "body", "variables": []}])),
        "silent": CLEAN},
    "averages-missing": {
        "fires": (doc(MLP), doc([
            w(f"{v['name']}/ExponentialMovingAverage", *v["shape"],
              role="average", slot={"slot": "average", "owner": v["name"]})
            for v in MLP] + MLP)),
        "silent": CLEAN},
    "step-missing": {"fires": RULES["missing-step"]["fires"],
                     "silent": CLEAN},
    "slots-never-created": {
        "fires": (doc(GAN + adam(GAN[:2])), doc(GAN + adam(GAN))),
        "never-stepped": (doc(MLP, "keras", "order",
                              optimizers=[dict(o, slots=[]) for o in ADAM]),
                          doc(MLP + adam(MLP), "keras", "order",
                              optimizers=ADAM)),
        "silent": (doc(GAN), doc(GAN + adam(GAN)))},
    "slots-not-saved": {
        "fires": (doc(GAN), doc(GAN + adam(GAN))),
        "silent": (doc(GAN + adam(GAN)), doc(GAN + adam(GAN)))},
    "optimizer-changed": {
        "fires": RULES["optimizer-mismatch"]["fires"],
        "option": (doc(MLP + adam(MLP)),
                   doc(MLP + adam(MLP) + [
                       slot(v["name"], "vhat", *v["shape"],
                            name=v["name"] + "/Adam_2") for v in MLP])),
        "silent": RULES["optimizer-mismatch"]["silent"]},
    "optimizer-layout-changed": {
        "fires": (doc(FLAX + OPT_STATE, "flax"),
                  doc(FLAX + renamed(OPT_STATE, "opt_state/0",
                                     "opt_state/inner/1"), "flax")),
        "silent": (doc(FLAX + OPT_STATE, "flax"),
                   doc(FLAX + OPT_STATE, "flax"))},
    "trainable-set-changed": {
        "fires": (torch(NET, torch_slots(NET[4:])),
                  torch(NET, torch_slots(NET))),
        "silent": (torch(NET, torch_slots(NET)),
                   torch(NET, torch_slots(NET)))},
    "unused-optimizer-state": {
        "fires": RULES["optimizer-mismatch"]["nobody-asks"],
        "silent": CLEAN},
    "damaged-file": {"fires": RULES["truncated-data"]["fires"],
                     "silent": CLEAN},
    "missing-shard": {
        "fires": (doc(MLP[:4], issues=issue(
            "missing-shard", "m-00002-of-00002.safetensors", "not there")),
            doc(MLP)), "silent": CLEAN},
    "stale-index": {"fires": RULES["stale-state-file"]["fires"],
                    "silent": CLEAN},
    "nested-bundle": {
        "fires": (torch([dict(v, name="state_dict." + v["name"])
                         for v in NET]), torch(NET)),
        "silent": NETS},
    "unsafe-pickle": {"fires": RULES["unsafe-pickle"]["fires"],
                      "silent": CLEAN},
    "sharded-not-gathered": {
        "fires": (torch([dict(v, shape=[0]) for v in NET]), torch(NET)),
        "silent": NETS},
}


def write(kind, table):
    for name, cases in table.items():
        for case, (actual, expected) in cases.items():
            folder = ROOT / kind / name / case
            folder.mkdir(parents=True, exist_ok=True)
            for side, content in (("actual", actual), ("expected", expected)):
                head = {k: v for k, v in content.items() if k != "variables"}
                lines = ",\n".join("    " + json.dumps(v)
                                   for v in content["variables"])
                text = json.dumps(head, indent=2)[:-2]
                text += ',\n  "variables": [\n' + lines + "\n  ]\n}\n"
                (folder / f"{side}.json").write_text(text)


write("rules", RULES)
write("causes", CAUSES)
