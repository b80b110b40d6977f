"""Writes the fixtures of the PyTorch formats below testdata/formats.

Beside each stands truth.json: what the live objects say is in it. Written with
torch 2.13.0: python make_torch.py ../formats
"""
import json
import os
import sys
import warnings
from collections import deque

import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import get_state_dict

OUT = sys.argv[1]
CANONICAL = {"exp_avg": "m", "exp_avg_sq": "v", "momentum_buffer": "momentum"}


def folder(name):
    path = os.path.join(OUT, name)
    os.makedirs(path, exist_ok=True)
    return path


def write_truth(path, variables, slots=None, step=None):
    """variables: {key: tensor}; slots: {key: [owner_key, slot, role]}"""
    said = {key: {"shape": list(tensor.shape),
                  "dtype": str(tensor.dtype).removeprefix("torch.")}
            for key, tensor in sorted(variables.items())}
    truth = {"variables": said, "slots": slots or {}, "step": step}
    with open(os.path.join(path, "truth.json"), "w") as out:
        json.dump(truth, out, indent=1, sort_keys=True)
        out.write("\n")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 3)
        self.norm = nn.LayerNorm(3)
        self.head = nn.Linear(3, 7, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(self.norm(self.embed(x)))


def trained(groups=None, kind=torch.optim.AdamW, **options):
    torch.manual_seed(1)
    net = Net()
    optimizer = kind(groups(net) if groups else net.parameters(), lr=0.01,
                     **options)
    for _ in range(3):
        optimizer.zero_grad()
        net(torch.arange(7)).square().sum().backward()
        optimizer.step()
    return net, optimizer


def role_of(raw):
    return "optimizer" if raw == "step" else "slot"


def state(net, optimizer, prefix):
    """(variables, slots) of an optimizer's state, by key."""
    names = {id(p): n for n, p in net.named_parameters()}
    parameters = [p for g in optimizer.param_groups for p in g["params"]]
    variables, slots = {}, {}
    for number, parameter in enumerate(parameters):
        for raw, value in optimizer.state[parameter].items():
            key = f"{prefix}state/{number}/{raw}"
            variables[key] = value
            slots[key] = ["model/" + names[id(parameter)],
                          CANONICAL.get(raw, raw), role_of(raw)]
    return variables, slots


def decay_first(net):
    return [{"params": [p for p in net.parameters() if p.dim() > 1],
             "weight_decay": 0.1},
            {"params": [p for p in net.parameters() if p.dim() == 1],
             "weight_decay": 0.0}]


def write_bundle(name, **options):
    path = folder(name)
    net, optimizer = trained(decay_first)
    average = {k: v / 2 for k, v in net.state_dict().items()}
    torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(),
                "ema": average, "epoch": 2, "rng_state": torch.ones(3)},
               os.path.join(path, "model.pt"), **options)
    variables, slots = state(net, optimizer, "optimizer/")
    for key, value in net.state_dict().items():
        variables["model/" + key] = value
        variables["ema/" + key] = value
        slots["ema/" + key] = ["model/" + key, "average", "average"]
    variables["rng_state"] = torch.ones(3)
    write_truth(path, variables, slots, 3)


def write_module():
    path = folder("torch-zip/whole-module")
    # Of torch's own classes: nothing else would have to be imported.
    net = nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3), nn.Linear(4, 2))
    torch.save(net, os.path.join(path, "model.pt"))
    write_truth(path, {k.replace(".", "/"): v
                       for k, v in net.state_dict().items()})


def write_live():
    """The objects themselves, the optimizer twice: the scheduler has it too."""
    path = folder("torch-zip/live-optimizer")
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    optimizer = torch.optim.SGD(list(net.parameters())[::-1], lr=0.1,
                                momentum=0.9)
    net(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    torch.save({"model": net.state_dict(), "optimizer": optimizer,
                "scheduler": schedule}, os.path.join(path, "model.pt"))
    variables = {"model/" + k: v for k, v in net.state_dict().items()}
    names = {id(p): n for n, p in net.named_parameters()}
    slots = {}
    for number, (parameter, held) in enumerate(optimizer.state.items()):
        key = f"optimizer/state/#{number}/momentum_buffer"
        variables[key] = held["momentum_buffer"]
        slots[key] = ["model/" + names[id(parameter)], "momentum", "slot"]
    write_truth(path, variables, slots)


def write_jagged():
    path = folder("torch-zip/jagged")
    rows = [torch.ones(2, 3), torch.ones(4, 3)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jagged = torch.nested.nested_tensor(rows, layout=torch.jagged)
    torch.save({"rows": jagged, "queue": deque([torch.ones(2)])},
               os.path.join(path, "model.pt"))
    truth = {"variables": {"rows": {"shape": [2, -1, 3], "dtype": "float32"},
                           "queue/0": {"shape": [2], "dtype": "float32"}},
             "slots": {}, "step": None}
    with open(os.path.join(path, "truth.json"), "w") as out:
        json.dump(truth, out, indent=1, sort_keys=True)
        out.write("\n")


def write_views():
    path = folder("torch-zip/tensors")
    base = torch.arange(24.).reshape(6, 4)
    tensors = {"base": base, "column": base[:, 1], "transposed": base.t(),
               "alias": base, "empty": torch.ones(0, 2),
               "half": torch.ones(3, dtype=torch.bfloat16),
               "eighth": torch.ones(3).to(torch.float8_e4m3fn),
               "sparse": torch.eye(3).to_sparse(),
               "meta": torch.ones(2, 5, device="meta"),
               "parameter": nn.Parameter(torch.ones(2))}
    torch.save(tensors, os.path.join(path, "model.pt"))
    write_truth(path, tensors)


def write_script():
    path = folder("torchscript/scripted")
    net, _ = trained()
    torch.jit.script(net).save(os.path.join(path, "model.pt"))
    write_truth(path, {k.replace(".", "/"): v
                       for k, v in net.state_dict().items()})


def write_dcp():
    path = folder("torch-dcp/named-optimizer")
    net, optimizer = trained()
    del net.head  # saved once
    weights, saved = get_state_dict(net, optimizer)
    dcp.save({"model": weights, "optimizer": saved},
             checkpoint_id=os.path.join(path, "checkpoint"))
    variables = {"model." + k: v for k, v in net.state_dict().items()}
    slots = {}
    for name, parameter in net.named_parameters():
        for raw, value in optimizer.state[parameter].items():
            key = f"optimizer.state.{name}.{raw}"
            variables[key] = value
            slots[key] = ["model." + name, CANONICAL.get(raw, raw),
                          role_of(raw)]
    write_truth(path, variables, slots, 3)


def write_misnamed():
    """A pair of causes: the file that torch wrote, under two names."""
    for case, name in (("fires", "actual.safetensors"),
                       ("silent", "actual.pt")):
        path = folder("../causes/wrong-format/" + case)
        for file in (name, "expected.pt"):
            torch.manual_seed(3)
            net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
            torch.save(net.state_dict(), os.path.join(path, file))


def write_optimizer_alone():
    path = folder("../causes/partial-checkpoint/optimizer-alone")
    net, optimizer = trained()
    torch.save(optimizer.state_dict(), os.path.join(path, "actual.pt"))
    torch.save(net.state_dict(), os.path.join(path, "expected.pt"))


def main():
    write_misnamed()
    write_optimizer_alone()
    write_bundle("torch-zip/bundle")
    write_bundle("torch-legacy/bundle", _use_new_zipfile_serialization=False)
    write_bundle("torch-legacy/protocol-1", pickle_protocol=1,
                 _use_new_zipfile_serialization=False)
    write_live()
    write_jagged()
    write_module()
    write_views()
    write_script()
    write_dcp()


main()
