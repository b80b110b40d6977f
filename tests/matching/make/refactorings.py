#!/usr/bin/env python3
"""What people do to their own models: real layouts, renamed by hand.

Takes expected sides of pairs that frameworks wrote and changes them as an
edit of the code would; what became of each variable is known because this
script did it. Needs no framework; run it after the others.

  python refactorings.py [PART OF AN ID]
"""

import json
import os
import re
import sys

import numpy as np

from pairs import PAIRS, Side, Var, write

CAUSES = {
    "scope": ("scope-prefix", ["wrapper-prefix", "container-path-changed"]),
    "shift": ("layers-renamed", ["auto-numbered-names"]),
    "autonumber": ("auto-numbered-names", ["layers-renamed"]),
    "front": ("architecture-changed",
              ["layers-renamed", "config-mismatch", "auto-numbered-names"]),
    "twin": ("config-mismatch", ["architecture-changed"]),
    "blank": ("layers-renamed",
              ["cross-library-names", "architecture-changed"]),
    "flat": ("container-path-changed",
             ["layers-renamed", "cross-library-names"]),
    "words": ("layers-renamed", ["cross-library-names", "version-drift"]),
    "part": ("partial-checkpoint",
             ["scope-prefix", "container-path-changed",
              "architecture-changed"]),
    "turned": ("transposed-layout", []),
    "slots": ("scope-prefix", ["container-path-changed"]),
    "fused": ("fused-parameters", []),
    "split": ("fused-parameters", []),
    "head": ("head-replaced", ["vocabulary-resized", "scope-prefix"]),
    "towers": (None, []),
    "strangers": ("wrong-checkpoint", []),
}


def read(id, side="expected"):
    path = os.path.join(PAIRS, id, side + ".json")
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    return [
        Var(v["name"], np.empty(v["shape"], v.get("dtype", "float32")),
            v.get("trainable", True))
        for v in document["variables"]
    ]


class Change:
    """Both sides, and which variable is which, while one is edited."""

    def __init__(self, base):
        self.actual = read(base)
        self.expected = [Var(v.name, v.value, v.trainable) for v in self.actual]
        self.of = {v.name: v.name for v in self.actual}  # actual -> expected
        self.groups = []
        self.transforms = {}
        self.ambiguous = []

    def rename(self, edit):
        """Renames on the expected side: `edit` maps a name to a name."""
        names = {v.name: edit(v.name) for v in self.expected}
        assert len(set(names.values())) == len(names), "names collide"
        for v in self.expected:
            v.name = names[v.name]
        self.of = {a: names[e] for a, e in self.of.items()}

    def keep_expected(self, is_kept):
        gone = {v.name for v in self.expected if not is_kept(v.name)}
        self.expected = [v for v in self.expected if v.name not in gone]
        self.of = {a: e for a, e in self.of.items() if e not in gone}

    def shape(self, pattern, shape_of):
        for v in self.expected:
            if re.search(pattern, v.name):
                v.value = np.empty(shape_of(v.value.shape), v.value.dtype)

    def truth(self):
        grouped_a = {n for g in self.groups for n in g["actual"]}
        grouped_e = {n for g in self.groups for n in g["expected"]}
        paired_e = set(self.of.values())
        return {
            "pairs": [[a, e] for a, e in self.of.items()],
            "transforms": self.transforms,
            "groups": self.groups,
            "only_actual": [
                v.name for v in self.actual
                if v.name not in self.of and v.name not in grouped_a
            ],
            "only_expected": [
                v.name for v in self.expected
                if v.name not in paired_e and v.name not in grouped_e
            ],
        }


def scope(base):
    change = Change(base)
    change.rename(lambda n: "student/network/" + n)
    return change, "everything below a scope"


def rescope(base, old, new):
    change = Change(base)
    change.rename(lambda n: re.sub(old, new, n))
    return change, f"{old} became {new}"


def shift(base, numbered, by):
    change = Change(base)
    change.rename(lambda n: re.sub(
        numbered, lambda m: m[1] + str(int(m[2]) + by) + m[3], n))
    return change, f"{numbered} counts from {by}"


def autonumber(base, start):
    """A second model was built in one process: Keras counted on."""
    change = Change(base)

    def edit(name):
        layer, _, leaf = name.partition("/")
        kind, _, number = layer.rpartition("_")
        if kind not in start or not number.isdigit():
            kind, number = layer, 0
        return f"{kind}_{int(number) + start[kind]}/{leaf}"

    change.rename(edit)
    return change, "the model was built a second time"


def front(base, numbered, odd):
    """An odd block in front pushes the numbers of all others up."""
    change, _ = shift(base, numbered, 1)
    new = [Var(name, np.empty(size, "float32")) for name, size in odd]
    at = next(i for i, v in enumerate(change.expected)
              if re.search(numbered, v.name))
    change.expected[at:at] = new
    return change, "an odd block was inserted in front"


def twin(base, numbered):
    """One more block of the same kind, at the end of the numbers."""
    change = Change(base)
    last = max(int(re.search(numbered, v.name)[2]) for v in change.expected
               if re.search(numbered, v.name))
    new = []
    for v in list(change.expected):
        m = re.search(numbered, v.name)
        if m and int(m[2]) == last:
            name = re.sub(
                numbered, lambda m: m[1] + str(last + 1) + m[3], v.name)
            new.append(Var(name, v.value, v.trainable))
    end = max(i for i, v in enumerate(change.expected)
              if re.search(numbered, v.name))
    change.expected[end + 1:end + 1] = new
    return change, "one block more; the last is the new one"


def blank(base):
    """Names without meaning, in the order of the file."""
    change = Change(base)
    layers = {}

    def edit(name):
        layer, _, leaf = name.replace(".", "/").rpartition("/")
        layers.setdefault(layer, f"m{len(layers):02d}")
        return f"{layers[layer]}.{leaf}"

    change.rename(edit)
    return change, "layers are m00, m01, ... in the order of the file"


def flat(base):
    change = Change(base)

    def edit(name):
        layer, _, leaf = name.replace("/", ".").rpartition(".")
        return layer.replace(".", "_") + "/" + leaf

    change.rename(edit)
    return change, "the path of a layer became one name"


def words(base, table):
    change = Change(base)

    def edit(name):
        for old, new in table:
            name = re.sub(old, new, name)
        return name

    change.rename(edit)
    return change, "words of its own: " + ", ".join(
        f"{old} -> {new}" for old, new in table)


def part(base, kept, cut):
    change = Change(base)
    change.keep_expected(lambda n: re.search(kept, n))
    change.rename(lambda n: re.sub(cut, "", n))
    return change, f"only {kept}, without the prefix"


def turned(base, pattern):
    change = Change(base)
    for v in change.expected:
        size = v.value.shape
        if re.search(pattern, v.name) and len(size) == 2 and size[0] != size[1]:
            v.value = np.empty(size[::-1], "float32")
            change.transforms[v.name] = "transpose"
    return change, "2-D kernels are stored the other way round"


def with_slots(base, edit, slots):
    change = Change(base)
    change.rename(edit)

    def add(side):
        for v in list(side):
            if not v.trainable:
                continue
            for slot, word in slots:
                side.append(Var(
                    f"{v.name}/{word}", v.value, role="slot",
                    slot={"optimizer": "Optimizer", "slot": slot,
                          "owner": v.name}))

    owners = dict(change.of)
    by_name = {v.name: v for v in change.actual}
    add(change.actual)
    add(change.expected)
    for a, e in owners.items():
        if by_name[a].trainable:
            for _, word in slots:
                change.of[f"{a}/{word}"] = f"{e}/{word}"
    return change, "renamed, with slots that follow"


def fused(base, parts, whole, axis, reverse=False):
    """`parts`: regular expressions of the parts; `whole`: the name's tail."""
    change = Change(base)
    found = {}
    for v in change.expected:
        for i, part in enumerate(parts):
            if re.search(part, v.name):
                found.setdefault(re.sub(part, whole, v.name), {})[i] = v
    for name, some in found.items():
        some = [some[i] for i in range(len(parts))]
        values = [v.value for v in some]
        at = change.expected.index(some[0])
        one = Var(name, np.concatenate(values, axis))
        change.expected.insert(at, one)
        gone = [v.name for v in some]
        change.expected = [v for v in change.expected if v.name not in gone]
        change.groups.append({
            "actual": gone, "expected": [name], "kind": "fused",
            "how": f"concat axis {axis}"})
        for n in gone:
            del change.of[n]
    if reverse:
        change.actual, change.expected = change.expected, change.actual
        change.of = {e: a for a, e in change.of.items()}
        for g in change.groups:
            g["actual"], g["expected"] = g["expected"], g["actual"]
            g["kind"], g["how"] = "split", f"split axis {axis}"
    return change, f"{', '.join(parts)} are one {whole}"


def head(base, pattern, rows):
    change = Change(base)

    def resize(size):
        return (rows,) + tuple(size[1:])

    for v in change.expected:
        if re.search(pattern, v.name):
            change.transforms[v.name] = "resized"
    change.shape(pattern, resize)
    return change, f"{pattern} has {rows} rows"


def towers(base, old, new):
    """Two equal towers whose names on the other side say nothing."""
    change = Change(base)
    one = list(change.expected)
    change.actual, change.expected, change.of = [], [], {}
    for a, e in zip(old, new):
        for v in one:
            change.actual.append(Var(a + v.name, v.value, v.trainable))
    for e in new[::-1]:
        for v in one:
            change.expected.append(Var(e + v.name, v.value, v.trainable))
    for a, e in zip(old, new):
        for v in one:
            change.of[a + v.name] = e + v.name
    change.ambiguous = [
        [t + v.name for t in (*old, *new)] for v in one]
    return change, "two towers alike; which is which is a coin's throw"


def strangers(base, other):
    change = Change(base)
    change.expected = read(other)
    change.of = {}
    return change, "two models that have nothing to do with each other"


DEBERTA = "hf4-pt-tf-debertav2formaskedlm"
WHISPER = "hf4-flax-pt-whisperforconditionalgeneration"
SWIN = "hf5-swinforimageclassification"
OPT = "hf4-tf-pt-optforcausallm"
BLOOM = "hf4-flax-pt-bloomforcausallm"
CONVNEXT = "hf4-tf-pt-convnextforimageclassification"
DISTIL = "hf4-flax-pt-distilbertforsequenceclassification"
MPNET = "hf4-tf-pt-mpnetformaskedlm"
NEO = "hf4-flax-pt-gptneoforcausallm"
GEMMA = "hf5-paligemmaforconditionalgeneration"
DATA2VEC = "hf4-tf-pt-data2vecvisionforimageclassification"
RNN = "keras3-text-rnn-object-to-live"
ACTOR = "keras3-actor-critic-v3h5-to-live"
INCEPTION = "keras3-inception-v3h5-to-live"

LAYERS = r"(layers?\.)(\d+)(\.)"

CASES = {
    "scope-deberta": lambda: scope(DEBERTA),
    "scope-convnext": lambda: rescope(CONVNEXT, r"^convnext\.", "backbone.net."),
    "shift-opt": lambda: shift(OPT, LAYERS, 1),
    "shift-distilbert": lambda: shift(DISTIL, LAYERS, 1),
    "autonumber-inception": lambda: autonumber(INCEPTION, {
        "conv2d": 16, "batch_normalization": 16, "dense": 1}),
    "front-bloom": lambda: front(BLOOM, r"(\.h\.)(\d+)(\.)", [
        ("transformer.h.0.adapter.weight", (8, 8)),
        ("transformer.h.0.adapter.bias", (8,))]),
    "twin-distilbert": lambda: twin(DISTIL, LAYERS),
    "blank-convnext": lambda: blank(CONVNEXT),
    "blank-gptneo": lambda: blank(NEO),
    "flat-data2vec": lambda: flat(DATA2VEC),
    "flat-mpnet": lambda: flat(MPNET),
    "words-opt": lambda: words(OPT, [
        (r"model\.decoder\.layers", "trunk.units"), (r"fc1", "widen"),
        (r"fc2", "narrow"), (r"self_attn_layer_norm", "norm_a"),
        (r"final_layer_norm", "norm_b")]),
    "words-rnn": lambda: words(RNN, [
        (r"bidirectional", "bi"), (r"forward", "left"),
        (r"backward", "right")]),
    "part-whisper": lambda: part(
        WHISPER, r"^model\.encoder\.", r"^model\.encoder\."),
    "part-paligemma": lambda: part(
        GEMMA, r"language_model", r"^.*language_model\."),
    "turned-actor": lambda: turned(ACTOR, "kernel"),
    "turned-distilbert": lambda: turned(DISTIL, r"lin\d\.weight"),
    "slots-actor": lambda: with_slots(
        ACTOR, lambda n: "ppo/" + n, [("m", "Adam"), ("v", "Adam_1")]),
    "slots-rnn": lambda: with_slots(
        RNN, lambda n: n.replace("bidirectional", "both"),
        [("momentum", "Momentum")]),
    "fused-opt": lambda: fused(
        OPT, [r"\bq_proj\b", r"\bk_proj\b", r"\bv_proj\b"], "qkv_proj", 0),
    "fused-paligemma": lambda: fused(
        GEMMA, [r"\bgate_proj\b", r"\bup_proj\b"], "gate_up_proj", 0),
    "split-swin": lambda: fused(
        SWIN, [r"\bq_proj\b", r"\bk_proj\b", r"\bv_proj\b"], "qkv", 0,
        reverse=True),
    "head-deberta": lambda: head(
        DEBERTA, r"word_embeddings|predictions/.*bias$", 60),
    "head-convnext": lambda: head(CONVNEXT, r"^classifier\.", 9),
    "towers-actor": lambda: towers(ACTOR, ("left/", "right/"), ("x/", "y/")),
    "strangers-opt-convnext": lambda: strangers(OPT, CONVNEXT),
    "strangers-rnn-swin": lambda: strangers(RNN, SWIN),
    "strangers-bloom-inception": lambda: strangers(BLOOM, INCEPTION),
    "strangers-deberta-bloom": lambda: strangers(DEBERTA, BLOOM),
    "strangers-convnext-neo": lambda: strangers(CONVNEXT, NEO),
    "strangers-swin-bloom": lambda: strangers(SWIN, BLOOM),
}


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for id, make in CASES.items():
        if wanted not in id:
            continue
        kind, _, family = id.partition("-")
        change, note = make()
        cause, also = CAUSES[kind]
        actual = Side(f"{family}.ckpt", "")
        expected = Side(family, "")
        actual.variables, expected.variables = change.actual, change.expected
        write(
            f"ref-{id}", family, 3, f"real layout, refactored: {kind}",
            actual, expected, cause, also, note, change.ambiguous,
            truth=change.truth(),
        )


if __name__ == "__main__":
    main()
