"""Writes pairs of layouts whose correspondence is known.

A script fills one side with values that occur once (`Tagger`), lets a
framework convert it, and hands both sides here. Which variable became which
is then read from the values, never from the names: the truth knows nothing of
any matcher. The three documents of a pair are those of ../README.md.
"""

import itertools
import json
import os
from dataclasses import dataclass, field

import numpy as np

PAIRS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pairs")

# Float32 numbers from here on are whole, and no initializer draws them.
_FIRST_BITS = np.float32(2.0**23).view(np.uint32)


class Tagger:
    """Hands out arrays in which no value occurs twice."""

    def __init__(self):
        self._next = 0

    def array(self, shape, dtype="float32"):
        count = int(np.prod(shape, dtype=np.int64))
        ids = np.arange(self._next, self._next + count, dtype=np.uint32)
        self._next += count
        if np.issubdtype(np.dtype(dtype), np.integer):
            # int32 holds them; apart from the floats' range.
            return (ids + 10**8).astype(dtype).reshape(shape)
        return (ids + _FIRST_BITS).view(np.float32).reshape(shape)


@dataclass
class Var:
    """One variable of one side; `value` carries the tags."""

    name: str
    value: np.ndarray
    trainable: bool = True
    role: str = "weight"
    slot: dict | None = None
    key: str | None = None
    dtype: str | None = None

    def line(self):
        out = {"name": self.name}
        if self.key is not None:
            out["key"] = self.key
        out["shape"] = list(self.value.shape)
        dtype = self.dtype or str(self.value.dtype)
        if dtype != "float32":
            out["dtype"] = dtype
        if self.role != "weight":
            out["role"] = self.role
        if not self.trainable:
            out["trainable"] = False
        if self.slot:
            out["slot"] = self.slot
        return out


@dataclass
class Side:
    path: str
    framework: str
    writer: str | None = None
    format: str = "layout"
    addressed_by: str | None = None
    variables: list = field(default_factory=list)


def _dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _rows(rows):
    return "[" + ",".join("\n" + _dump(row) for row in rows) + "\n]"


def _write_layout(path, side):
    source = {
        key: value
        for key, value in (
            ("path", side.path),
            ("format", side.format),
            ("framework", side.framework),
            ("writer", side.writer),
            ("addressed_by", side.addressed_by),
        )
        if value
    }
    lines = _rows([v.line() for v in side.variables])
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write('{"schema":"ckptdiff/layout/v1",\n')
        out.write(f'"source":{_dump(source)},\n"variables":{lines}}}\n')


def _bits(value):
    return np.ascontiguousarray(value).reshape(-1)


class _Origins:
    """Value -> the variable of one side that holds it."""

    def __init__(self, variables):
        parts = [_bits(v.value).astype(np.float64) for v in variables]
        owner = [np.full(len(p), i) for i, p in enumerate(parts)]
        values = np.concatenate(parts) if parts else np.zeros(0)
        owners = np.concatenate(owner) if owner else np.zeros(0, int)
        order = np.argsort(values, kind="stable")
        self.values, self.owners = values[order], owners[order]

    def of(self, value):
        """Owners of the elements; -1 where nobody holds one."""
        wanted = _bits(value).astype(np.float64)
        if not len(self.values):
            return np.full(len(wanted), -1)
        at = np.searchsorted(self.values, wanted).clip(max=len(self.values) - 1)
        return np.where(self.values[at] == wanted, self.owners[at], -1)


def _without_aliases(variables):
    """Tied variables stand once, under their first name."""
    seen, kept = set(), []
    for v in variables:
        ids = _bits(v.value)
        tag = None
        if len(ids) and ids.min() != ids.max():
            tag = np.sort(ids.astype(np.float64)).tobytes()
        if tag is not None and tag in seen:
            continue
        seen.add(tag)
        kept.append(v)
    return kept


def _transform(actual, expected):
    """How `expected` is made from `actual`, in the words of the contract."""
    same_order = np.array_equal(_bits(actual), _bits(expected))
    if same_order and actual.shape == expected.shape:
        return None
    if same_order:
        plain = [d for d in actual.shape if d != 1]
        if plain == [d for d in expected.shape if d != 1]:
            fewer = len(expected.shape) < len(actual.shape)
            return "squeeze" if fewer else "unsqueeze"
        return "reshape"
    for axes in itertools.permutations(range(actual.ndim)):
        turned = actual.transpose(axes)
        if np.array_equal(_bits(turned), _bits(expected)):
            name = "permute:" + ",".join(map(str, axes))
            if actual.ndim == 2:
                name = "transpose"
            return name if turned.shape == expected.shape else name + "+reshape"
    same = np.array_equal(np.sort(_bits(actual)), np.sort(_bits(expected)))
    return "reorder" if same else "resized"


def _groups(edges, actual, expected):
    """The connected sets of variables that are more than one to one."""
    seen, groups, pairs = set(), [], []
    of_actual, of_expected = {}, {}
    for a, e in edges:
        of_actual.setdefault(a, []).append(e)
        of_expected.setdefault(e, []).append(a)
    for first in sorted({e for _, e in edges}):
        if first in seen:
            continue
        some_a, some_e, todo = set(), {first}, [first]
        while todo:
            for a in of_expected[todo.pop()]:
                some_a.add(a)
                new = [e for e in of_actual[a] if e not in some_e]
                some_e.update(new)
                todo += new
        seen |= some_e
        if len(some_a) == 1 and len(some_e) == 1:
            pairs.append((some_a.pop(), first))
            continue
        kind = "mixed"
        if len(some_e) == 1:
            kind = "fused"
        elif len(some_a) == 1:
            kind = "split"
        groups.append(
            {
                "actual": [actual[a].name for a in sorted(some_a)],
                "expected": [expected[e].name for e in sorted(some_e)],
                "kind": kind,
            }
        )
    return pairs, groups


def truth_of(actual, expected):
    """Pairs, groups and leftovers, told by the values alone."""
    origins = _Origins(actual)
    edges = []
    for e, v in enumerate(expected):
        owners = np.unique(origins.of(v.value))
        edges += [(int(a), e) for a in owners if a >= 0]
    pairs, groups = _groups(edges, actual, expected)
    transforms = {}
    for a, e in pairs:
        how = _transform(actual[a].value, expected[e].value)
        if how:
            transforms[expected[e].name] = how
    used_a = {a for a, _ in edges}
    used_e = {e for _, e in edges}
    return {
        "pairs": [[actual[a].name, expected[e].name] for a, e in pairs],
        "transforms": transforms,
        "groups": groups,
        "only_actual": [
            v.name for i, v in enumerate(actual) if i not in used_a
        ],
        "only_expected": [
            v.name for i, v in enumerate(expected) if i not in used_e
        ],
    }


def _check_names(side, variables):
    names = [v.name for v in variables]
    repeated = {n for n in names if names.count(n) > 1}
    assert not repeated, f"{side}: {sorted(repeated)[:3]} stand twice"


def write(
    id,
    family,
    source,
    origin,
    actual,
    expected,
    cause,
    causes_ok=(),
    note=None,
    ambiguous=(),
    neutral=(),
    truth=None,
):
    """Writes one pair of Sides; without `truth` the values tell it."""
    if truth is None:
        actual.variables = _without_aliases(actual.variables)
        expected.variables = _without_aliases(expected.variables)
    _check_names("actual", actual.variables)
    _check_names("expected", expected.variables)
    truth = truth or truth_of(actual.variables, expected.variables)
    head = {
        "id": id,
        "family": family,
        "source": source,
        "origin": origin,
        "cause": cause,
        "causes_ok": list(causes_ok),
        "note": note,
    }
    head = {k: v for k, v in head.items() if v is not None and v != []}
    head.setdefault("cause", None)
    folder = os.path.join(PAIRS, id)
    os.makedirs(folder, exist_ok=True)
    _write_layout(os.path.join(folder, "actual.json"), actual)
    _write_layout(os.path.join(folder, "expected.json"), expected)
    neutral = set(neutral)
    with open(
        os.path.join(folder, "truth.json"), "w", encoding="utf-8", newline="\n"
    ) as out:
        out.write(_dump(head)[:-1])
        out.write(f',\n"pairs":{_rows(truth["pairs"])}')
        out.write(f',\n"transforms":{_dump(truth["transforms"])}')
        out.write(f',\n"groups":{_rows(truth["groups"])}')
        for side in ("only_actual", "only_expected"):
            names = [n for n in truth[side] if n not in neutral]
            out.write(f',\n"{side}":{_rows(names)}')
        out.write(f',\n"ambiguous":{_rows([list(s) for s in ambiguous])}')
        out.write(f',\n"neutral":{_dump(sorted(neutral))}}}\n')
    print(
        f"{id}: {len(actual.variables)} -> {len(expected.variables)}, "
        f"{len(truth['pairs'])} pairs, {len(truth['groups'])} groups, "
        f"{len(truth['only_actual'])}/{len(truth['only_expected'])} alone"
    )
