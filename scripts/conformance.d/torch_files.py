# environments: torch
"""The PyTorch readers against what torch itself loads.

Writes checkpoints of many kinds with the installed torch, hands them to
ckptdiff and compares what it lists with the live objects: names, shapes,
dtypes, bytes (by the byte ranges), ties, slots and their owners, steps.

    CKPTDIFF=build/release/ckptdiff python torch_files.py [--quick] [--keep DIR]

Written for torch 2.13; parts that the installed torch cannot do are skipped.
"""

import argparse
import hashlib
import os
import random
import sys
import tempfile
import warnings
from collections import Counter

import torch
from torch import nn

from judging import inspect

warnings.filterwarnings("ignore")
TALLY = Counter()
WRONG = []

CANONICAL = {
    "exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "vhat",
    "exp_inf": "v", "momentum_buffer": "momentum", "grad_avg": "mg",
    "sum": "accumulator", "acc_delta": "accum_var", "row_var": "row",
    "col_var": "column", "variance": "v",
}


def canonical(optimizer, raw):
    if raw == "square_avg":
        return "accum_grad" if optimizer == "Adadelta" else "rms"
    return CANONICAL.get(raw, raw)


def dtype_name(tensor):
    return str(tensor.dtype).removeprefix("torch.")


def judge(topic, right, what):
    TALLY[topic, bool(right)] += 1
    if not right:
        WRONG.append(f"{topic}: {what}")


def content(tensor):
    return tensor.detach().contiguous().view(torch.uint8).numpy().tobytes() \
        if tensor.numel() and tensor.dim() else \
        tensor.detach().reshape(1).view(torch.uint8).numpy().tobytes() \
        if tensor.numel() else b""


def compare_bytes(label, path, variable, tensor):
    data = variable.get("data")
    if not data:
        return
    base = path if os.path.isfile(path) else os.path.join(
        path, data.get("file") or "")
    if data.get("file"):
        base = os.path.join(os.path.dirname(path) if os.path.isfile(path)
                            else path, data["file"])
    with open(base, "rb") as file:
        file.seek(data["offset"])
        found = file.read(data["size"])
    judge("bytes", hashlib.sha256(found).digest() ==
          hashlib.sha256(content(tensor)).digest(), f"{label} {variable}")


def compare(label, path, weights, slots=(), step="unasked", averages=(),
            tied=None, may_be_open=False):
    """weights: {name: tensor}. slots: [(owner or None, raw, optimizer,
    tensor)]. What is listed beyond these as weight or slot is wrong."""
    document, error = inspect(path)
    judge("read", document is not None, f"{label}: {error}")
    if document is None:
        return None
    listed = [v for v in document["variables"] if v["role"] == "weight"]
    names = [v["name"] for v in listed]
    judge("names", sorted(names) == sorted(weights),
          f"{label}: {sorted(set(names) ^ set(weights))[:6]}")
    keys = [v["key"] for v in document["variables"]]
    judge("keys unique", len(keys) == len(set(keys)), label)
    for variable in listed:
        tensor = weights.get(variable["name"])
        if tensor is None:
            continue
        judge("shape", variable["shape"] == list(tensor.shape),
              f"{label} {variable['name']} {variable['shape']}")
        judge("dtype", variable["dtype"] == dtype_name(tensor),
              f"{label} {variable['name']} {variable['dtype']}")
        compare_bytes(label, path, variable, tensor)
    compare_slots(label, document, slots, may_be_open)
    found = sorted(v["name"] for v in document["variables"]
                   if v["role"] == "average")
    judge("averages", found == sorted(averages), f"{label}: {found[:4]}")
    for alias, first in (tied or {}).items():
        says = {v["name"]: v.get("tied_to") for v in listed}
        judge("ties", says.get(alias) == first, f"{label}: {alias} {says}")
    if step != "unasked":
        judge("step", document["source"].get("step") == step,
              f"{label}: {document['source'].get('step')}, is {step}")
    return document


def compare_slots(label, document, slots, may_be_open):
    """Every slot with its owner; where order and shapes may settle some
    owners only, those that are told have to be right."""
    told = Counter()
    for variable in document["variables"]:
        if variable["role"] == "slot" or variable.get("slot", {}).get(
                "slot") == "step":
            slot = variable["slot"]
            told[slot["owner"], slot["slot"], tuple(variable["shape"])] += 1
    wanted = Counter()
    for owner, raw, optimizer, tensor in slots:
        wanted[owner, canonical(optimizer, raw), tuple(tensor.shape)] += 1
    if may_be_open:
        claimed = Counter({s: n for s, n in told.items() if s[0]})
        judge("slots", not claimed - wanted and
              sum(told.values()) == sum(wanted.values()), label)
        return
    judge("slots", told == wanted, f"{label}: told and not so "
          f"{list((told - wanted).items())[:3]}, not told "
          f"{list((wanted - told).items())[:3]}")


def live_slots(optimizer, names):
    """The state of a live optimizer, by the names of its parameters."""
    slots = []
    class_name = type(optimizer).__name__
    for parameter, state in optimizer.state.items():
        for raw, value in state.items():
            if not torch.is_tensor(value):
                continue
            if value.dim() == 0 and raw != "step" and raw not in CANONICAL \
                    and raw != "square_avg":
                continue  # eta, mu: role optimizer
            owner = names[id(parameter)]
            slots.append((owner, raw, class_name, value))
    return slots


def names_of(model):
    return {id(p): n for n, p in model.named_parameters()}


class Net(nn.Module):
    def __init__(self, width=5):
        super().__init__()
        self.fc1 = nn.Linear(4, width)
        self.norm = nn.BatchNorm1d(width)
        self.fc2 = nn.Linear(width, 3)

    def forward(self, x):
        return self.fc2(self.norm(self.fc1(x)))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 3)
        self.head = nn.Linear(3, 7, bias=False)
        self.head.weight = self.embed.weight


def train(model, optimizer, steps=2, inputs=None):
    inputs = torch.randn(4, 4) if inputs is None else inputs

    def closure():
        optimizer.zero_grad()
        loss = model(inputs).square().sum()
        loss.backward()
        return loss
    for _ in range(steps):
        optimizer.step(closure)


OPTIMIZERS = {
    "Adam": {}, "Adam amsgrad": {"amsgrad": True}, "AdamW": {}, "SGD": {},
    "SGD momentum": {"momentum": 0.9}, "RMSprop": {},
    "RMSprop all": {"momentum": 0.9, "centered": True}, "Adagrad": {},
    "Adadelta": {}, "NAdam": {}, "RAdam": {}, "Adamax": {}, "ASGD": {},
    "Rprop": {}, "Adafactor": {},
}
COUNTED = {"SGD"}


def check_optimizers(root):
    for label, options in OPTIMIZERS.items():
        kind = label.split()[0]
        if not hasattr(torch.optim, kind):
            continue
        model = Net()
        optimizer = getattr(torch.optim, kind)(
            model.parameters(), lr=0.01, **options)
        train(model, optimizer)
        path = os.path.join(root, f"optim {label}.pt")
        torch.save({"model": model.state_dict(),
                    "optimizer": optimizer.state_dict(), "epoch": 3}, path)
        document = compare(
            label, path, model.state_dict(),
            live_slots(optimizer, names_of(model)),
            step=None if kind in COUNTED else 2)
        if document:
            one = document["optimizers"][0]
            judge("class", one["class"] == kind, f"{label}: {one['class']}")
            settings = one["settings"]
            judge("settings", settings.get("lr") == 0.01, f"{label}")


def check_groups(root):
    def split(model):
        decay = [p for p in model.parameters() if p.dim() > 1]
        rest = [p for p in model.parameters() if p.dim() <= 1]
        return [{"params": decay, "weight_decay": 0.1},
                {"params": rest, "weight_decay": 0.0}]

    def deep():
        return nn.Sequential(*[nn.Linear(4, 4) for _ in range(6)])

    def run(label, model, groups, owned, **more):
        optimizer = torch.optim.AdamW(groups, lr=0.01)
        train(model, optimizer)
        path = os.path.join(root, f"groups {label}.pt")
        torch.save({"model": model.state_dict(),
                    "optimizer": optimizer.state_dict()}, path)
        compare(f"groups {label}", path, model.state_dict(),
                live_slots(optimizer, names_of(model)),
                may_be_open=not owned, **more)

    model = Net()
    run("decay first", model, split(model), True, step=2)
    model = deep()
    run("decay first, equal layers", model, split(model), True)
    model = deep()
    run("shuffled layers", model,
        [{"params": model[i].parameters()} for i in (3, 1, 0, 5, 2, 4)], False)
    model = deep()
    run("last layer of many equal", model,
        [{"params": model[5].parameters()}], False)
    model = Net()
    run("head only", model, [{"params": model.fc2.parameters()}], True)
    model = Net()
    run("head first", model, [{"params": model.fc2.parameters()},
                              {"params": model.fc1.parameters()},
                              {"params": model.norm.parameters()}], False)
    model = nn.Sequential(nn.Linear(4, 7), nn.Linear(7, 5), nn.Linear(5, 2))
    run("own shapes, backwards", model,
        [p for layer in reversed(model) for p in layer.parameters()], True)
    model = Net()
    optimizer = torch.optim.Adam(list(model.named_parameters())[::-1])
    train(model, optimizer)
    path = os.path.join(root, "groups named.pt")
    torch.save({"model": model.state_dict(),
                "optimizer": optimizer.state_dict()}, path)
    if "param_names" in optimizer.state_dict()["param_groups"][0]:
        compare("groups named", path, model.state_dict(),
                live_slots(optimizer, names_of(model)))
        wrapped = {f"module.{k}": v for k, v in model.state_dict().items()}
        torch.save({"model": wrapped,
                    "optimizer": optimizer.state_dict()}, path)
        compare("groups named, wrapped model", path, wrapped,
                [(f"module.{owner}", *rest) for owner, *rest in
                 live_slots(optimizer, names_of(model))])


def check_bundles(root):
    model = Net()
    weights = model.state_dict()

    def run(label, bundle, expected=weights, *, inspected=None, **more):
        path = os.path.join(root, f"bundle {label}.pt")
        torch.save(bundle, path)
        return compare(f"bundle {label}", inspected or path, expected, **more)

    run("none", weights)
    run("module", model)
    for name in ("state_dict", "model_state_dict", "model", "net", "network",
                 "weights", "params", "module", "my_special_net"):
        run(name, {name: weights, "epoch": 3, "args": {"lr": 0.1}})
    run("deep", {"run": {"agent": {"policy": weights}}, "rng": torch.ones(9)})
    run("global_step", {"model": weights, "global_step": 77}, step=77)
    run("tensor step", {"model": weights, "step": torch.tensor(8)}, step=8)
    run("rng beside", {"model": weights, "rng_state": torch.get_rng_state()})
    for name in ("ema", "model_ema", "state_dict_ema", "ema_state_dict"):
        run(name, {"state_dict": weights, name: weights, "epoch": 1},
            averages=[f"{name}.{key}" for key in weights])
    averaged = torch.optim.swa_utils.AveragedModel(model)
    run("AveragedModel", {"model": weights, "swa": averaged.state_dict()},
        averages=[f"swa.module.{key}" for key in weights])
    run("only ema", {"ema": weights})
    document = run("list of averages", {
        "model": weights,
        "ema": {"shadow_params": [p.detach().clone()
                                  for p in model.parameters()]}},
        averages=[f"ema.shadow_params.{i}" for i in range(6)])
    owners = [v["slot"]["owner"] for v in (document or {})["variables"]
              if v["role"] == "average"]
    judge("average owners", owners == [n for n, _ in
                                       model.named_parameters()], str(owners))
    other = Net(6).state_dict()
    run("two", {"generator": weights, "discriminator": other},
        {**{f"generator.{k}": v for k, v in weights.items()},
         **{f"discriminator.{k}": v for k, v in other.items()}})
    run("pair", (weights, torch.optim.SGD(model.parameters(), lr=1)
                 .state_dict()))
    run("list", [torch.ones(2), torch.ones(3)],
        {"0": torch.ones(2), "1": torch.ones(3)})
    run("nested dicts", {"encoder": {"weight": torch.ones(2, 3)},
                         "decoder": {"weight": torch.ones(3)}},
        {"encoder.weight": torch.ones(2, 3), "decoder.weight": torch.ones(3)})
    run("DataParallel", nn.DataParallel(model).state_dict(),
        {f"module.{k}": v for k, v in weights.items()})
    document, _ = inspect(os.path.join(root, "bundle ema.pt"), )
    judge("subtree", document is not None, "subtree")


def check_formats(root):
    model = Net()
    optimizer = torch.optim.Adam(model.parameters())
    train(model, optimizer)
    bundle = {"model": model.state_dict(),
              "optimizer": optimizer.state_dict()}
    slots = live_slots(optimizer, names_of(model))
    for protocol in range(1, 6):
        path = os.path.join(root, f"protocol {protocol}.pt")
        torch.save(bundle, path, pickle_protocol=protocol)
        compare(f"protocol {protocol}", path, model.state_dict(), slots,
                step=2)
    for protocol in range(1, 6):
        path = os.path.join(root, f"legacy {protocol}.pt")
        torch.save(bundle, path, pickle_protocol=protocol,
                   _use_new_zipfile_serialization=False)
        if protocol == 1:
            continue  # has no magic number at a fixed place
        compare(f"legacy {protocol}", path, model.state_dict(), slots, step=2)
    path = os.path.join(root, "legacy module.pt")
    torch.save(model, path, _use_new_zipfile_serialization=False)
    compare("legacy module", path, model.state_dict())
    path = os.path.join(root, "script.pt")
    torch.jit.script(model.eval()).save(path)
    compare("script", path, model.state_dict())
    path = os.path.join(root, "trace.pt")
    torch.jit.trace(model, torch.ones(2, 4)).save(path)
    compare("trace", path, model.state_dict())


def check_tensors(root):
    base = torch.arange(24.).reshape(6, 4)
    tensors = {
        "base": base, "row": base[2], "column": base[:, 1],
        "transposed": base.t(), "block": base[1:3, 1:3], "scalar": base[1, 1],
        "expanded": torch.ones(3, 1).expand(3, 5), "empty": torch.ones(0, 2),
        "zero-dim": torch.tensor(7), "sparse": torch.eye(3).to_sparse(),
        "csr": torch.eye(3).to_sparse_csr(),
        "meta": torch.zeros(2, 3, device="meta"),
        "parameter": nn.Parameter(torch.ones(2)),
        "channels_last": torch.ones(2, 3, 4, 4).contiguous(
            memory_format=torch.channels_last),
    }
    for name in ("float64", "float16", "bfloat16", "int8", "int16", "int32",
                 "int64", "uint8", "bool", "complex64", "complex128", "uint16",
                 "uint32", "uint64", "float8_e4m3fn", "float8_e5m2",
                 "float8_e8m0fnu"):
        if hasattr(torch, name):
            tensors[name] = torch.ones(3, 2).to(getattr(torch, name))
    tensors["quint8"] = torch.quantize_per_tensor(
        torch.ones(2, 2), 0.1, 0, torch.quint8)
    path = os.path.join(root, "tensors.pt")
    torch.save(tensors, path)
    dense = {k: v for k, v in tensors.items()}
    document, error = inspect(path)
    judge("read", document is not None, error)
    for variable in (document or {}).get("variables", []):
        tensor = dense.get(variable["name"])
        judge("shape", variable["shape"] == list(tensor.shape), str(variable))
        judge("dtype", variable["dtype"] == dtype_name(tensor), str(variable))
        plain = tensor.layout == torch.strided and not tensor.is_meta and \
            not tensor.is_quantized
        if plain:
            compare_bytes("tensors", path, variable, tensor)
    judge("all", document and len(document["variables"]) == len(tensors), path)

    path = os.path.join(root, "tied.pt")
    tied = Tied()
    torch.save(tied.state_dict(), path)
    compare("tied", path, tied.state_dict(),
            tied={"head.weight": "embed.weight"})
    path = os.path.join(root, "tied module.pt")
    torch.save(tied, path)
    compare("tied module", path, tied.state_dict(),
            tied={"head.weight": "embed.weight"})


def check_holes(root):
    if not hasattr(torch.serialization, "skip_data"):
        return
    path = os.path.join(root, "holes.pt")
    with torch.serialization.skip_data():
        torch.save(Net().state_dict(), path)
    document, _ = inspect(path)
    rules = [i["rule"] for i in (document or {}).get("issues", [])]
    judge("holes", rules == ["unwritten-data"], str(rules))


def check_dcp(root):
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.state_dict import get_state_dict
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters())
    train(model, optimizer)
    weights, state = get_state_dict(model, optimizer)
    slots = live_slots(optimizer, names_of(model))
    path = os.path.join(root, "dcp named")
    dcp.save({"model": weights, "optimizer": state}, checkpoint_id=path)
    document = compare("dcp named", path, model.state_dict(), slots, step=2)
    judge("class", document and
          document["optimizers"][0]["class"] == "AdamW", "dcp named")
    path = os.path.join(root, "dcp plain")
    dcp.save({"model": model.state_dict(),
              "optimizer": optimizer.state_dict(),
              "step": torch.tensor(9)}, checkpoint_id=path)
    compare("dcp plain", path, model.state_dict(), slots, step=9)
    path = os.path.join(root, "dcp bare")
    dcp.save(model.state_dict(), checkpoint_id=path)
    compare("dcp bare", path, model.state_dict())
    os.unlink(os.path.join(path, "__0_0.distcp"))
    document, _ = inspect(path)
    rules = {i["rule"] for i in (document or {}).get("issues", [])}
    judge("missing shard", rules == {"missing-shard"}, str(rules))


def check_random(root, count):
    """Models of random layers and group orders: an owner is right or null."""
    rng = random.Random(1)
    for i in range(count):
        widths = [rng.choice((3, 4, 4, 4, 5)) for _ in range(rng.randint(2, 6))]
        layers = [nn.Linear(a, b, bias=rng.random() < 0.8)
                  for a, b in zip([4, *widths], widths)]
        model = nn.Sequential(*layers)
        parameters = [p for p in model.parameters() if rng.random() < 0.9]
        if not parameters:
            continue
        split = rng.randint(0, 2)
        groups = [{"params": parameters}]
        if split == 1:
            groups = [{"params": [p for p in parameters if p.dim() > 1]},
                      {"params": [p for p in parameters if p.dim() == 1]}]
        if split == 2:
            cut = rng.randint(0, len(parameters))
            groups = [{"params": parameters[cut:]},
                      {"params": parameters[:cut]}]
        groups = [g for g in groups if g["params"]]
        optimizer = torch.optim.Adam(groups)
        train(model, optimizer, 1)
        path = os.path.join(root, "random.pt")
        torch.save({"model": model.state_dict(),
                    "optimizer": optimizer.state_dict()}, path)
        document, _ = inspect(path)
        names = names_of(model)
        by_value = {content(value): names[id(p)]
                    for p, state in optimizer.state.items()
                    for raw, value in state.items() if raw == "exp_avg"}
        with open(path, "rb") as file:
            whole = file.read()
        for variable in document["variables"]:
            if variable.get("slot", {}).get("slot") != "m":
                continue
            owner = variable["slot"]["owner"]
            data = variable.get("data")
            if owner is None or not data:
                judge("random: open", True, "")
                continue
            true = by_value.get(
                whole[data["offset"]:data["offset"] + data["size"]])
            judge("random: owner", owner == true, f"{owner}, is {true}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as root:
        root = arguments.keep or root
        os.makedirs(root, exist_ok=True)
        check_optimizers(root)
        check_groups(root)
        check_bundles(root)
        check_formats(root)
        check_tensors(root)
        check_holes(root)
        check_random(root, 10 if arguments.quick else 150)
        if not arguments.quick:
            check_dcp(root)
    for line in WRONG[:60]:
        print("  wrong:", line)
    topics = sorted({topic for topic, _ in TALLY})
    print(", ".join(f"{t} {TALLY[t, True]}/{TALLY[t, True] + TALLY[t, False]}"
                    for t in topics))
    right = sum(n for (_, good), n in TALLY.items() if good)
    print(f"torch {torch.__version__}: {right} of {sum(TALLY.values())} agree")
    sys.exit(bool(WRONG))


main()
