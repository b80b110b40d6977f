"""export -> save -> check is clean; export -> rename -> check tells."""
# environments: torch
import copy
import os
import sys
import tempfile

import lightning
import peft
import safetensors.torch
import torch
import torch.distributed.checkpoint as dcp
import transformers
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "python"))
sys.path.insert(0, os.path.dirname(__file__))
from exporting import Tally  # noqa: E402


class Net(nn.Module):
    """One of everything that optimizers tell apart: matrices, vectors, a scalar,
    a parameter without gradient, buffers saved and not saved."""

    def __init__(self, first="stem"):
        super().__init__()
        setattr(self, first, nn.Linear(6, 5))
        self.name_of_first = first
        self.norm = nn.BatchNorm1d(5)
        self.body = nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 3))
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.unused = nn.Linear(2, 2)
        self.register_buffer("mask", torch.ones(3), persistent=False)

    def forward(self, x):
        x = self.norm(getattr(self, self.name_of_first)(x))
        return self.body(x) * self.scale


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight


class WithExtraState(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 3)

    def get_extra_state(self):
        return {"scale": torch.ones(3), "count": 2}


def on_meta(make):
    with torch.device("meta"):
        return make()


MODULES = {
    "plain": Net,
    "DataParallel": lambda: nn.DataParallel(Net()),
    "torch.compile": lambda: torch.compile(Net()),
    "AveragedModel": lambda: torch.optim.swa_utils.AveragedModel(Net()),
    "tied": Tied,
    "extra state": WithExtraState,
    "weight_norm": lambda: nn.utils.parametrizations.weight_norm(
        nn.Linear(4, 3)),
    "spectral_norm": lambda: nn.utils.spectral_norm(nn.Linear(4, 3)),
    "LSTM": lambda: nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2),
    "Transformer": lambda: nn.Transformer(8, 2, 1, 1, 16),
    "shared": lambda: nn.ModuleList([nn.Linear(3, 3)] * 2),
    "other types": lambda: nn.ParameterDict({
        f"as_{i}": nn.Parameter(torch.ones(2).to(t), requires_grad=False)
        for i, t in enumerate((torch.complex64, torch.bfloat16, torch.int8,
                               torch.bool))}),
}


def save_pt(model, path):
    torch.save(model.state_dict(), path)


def save_bundle(model, path):
    torch.save({"state_dict": model.state_dict(), "epoch": 3}, path)


def save_dcp(model, path):
    dcp.save({"model": model.state_dict()}, checkpoint_id=path)


FORMS = {"state_dict": save_pt, "bundle": save_bundle, "dcp": save_dcp,
         "safetensors": safetensors.torch.save_model}


def adam_by_decay(model):
    """No decay of biases: two groups that interleave."""
    parameters = list(model.parameters())
    return torch.optim.AdamW([
        {"params": [p for p in parameters if p.dim() > 1]},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0}])


O = torch.optim
OPTIMIZERS = {
    "Adam": lambda m: O.Adam(m.parameters()),
    "Adam, names": lambda m: O.Adam(m.named_parameters()),
    "Adam, part": lambda m: O.Adam(m.body.parameters()),
    "AdamW, amsgrad": lambda m: O.AdamW(m.parameters(), amsgrad=True),
    "AdamW, two groups": adam_by_decay,
    "Adadelta": lambda m: O.Adadelta(m.parameters()),
    "Adafactor": lambda m: O.Adafactor(m.parameters()),
    "Adafactor, transformers": lambda m: transformers.Adafactor(m.parameters()),
    "Adagrad": lambda m: O.Adagrad(m.parameters()),
    "Adamax": lambda m: O.Adamax(m.parameters()),
    "ASGD": lambda m: O.ASGD(m.parameters()),
    "Muon": lambda m: O.Muon([p for p in m.parameters() if p.dim() == 2]),
    "NAdam": lambda m: O.NAdam(m.parameters()),
    "RAdam": lambda m: O.RAdam(m.parameters()),
    "RMSprop": lambda m: O.RMSprop(m.parameters(), momentum=.9, centered=True),
    "Rprop": lambda m: O.Rprop(m.parameters()),
    "SGD": lambda m: O.SGD(m.parameters(), lr=0.1),
    "SGD, momentum": lambda m: O.SGD(m.parameters(), lr=0.1, momentum=0.9),
}


def optimizer_cases(name, make, path, tally):
    model = Net()
    optimizer = make(model)
    fresh = copy.deepcopy(model)
    fresh_optimizer = make(fresh)

    def save():
        torch.save({"model": model.state_dict(),
                    "optimizer": optimizer.state_dict()}, path)
    save()
    tally.clean(f"{name}, saved before its first step", model, path,
                optimizer=optimizer)
    model(torch.randn(7, 6)).sum().backward()
    optimizer.step()
    save()
    tally.clean(f"{name}, stepped", model, path, optimizer=optimizer)
    tally.clean(f"{name}, to be resumed", fresh, path,
                optimizer=fresh_optimizer)


SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 37}
TEXT = {"vocab_size": 50, **SMALL}


def llama(**more):
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(**TEXT, **more))


def adapted():
    return peft.get_peft_model(
        llama(), peft.LoraConfig(target_modules=["q_proj", "v_proj"], r=4))


PRETRAINED = {
    "Llama": llama,
    "Llama, tied": lambda: llama(tie_word_embeddings=True),
    "Llama, on meta": lambda: on_meta(llama),
    "Llama, compiled": lambda: torch.compile(llama()),
    "Bert": lambda: transformers.BertForSequenceClassification(
        transformers.BertConfig(**TEXT)),
    "ViT": lambda: transformers.ViTModel(
        transformers.ViTConfig(image_size=32, patch_size=8, **SMALL)),
    "T5": lambda: transformers.T5ForConditionalGeneration(
        transformers.T5Config(vocab_size=50, d_model=32, d_kv=8, d_ff=37,
                              num_layers=2, num_heads=2)),
    "Mixtral": lambda: transformers.MixtralForCausalLM(
        transformers.MixtralConfig(num_local_experts=4, num_key_value_heads=2,
                                   **TEXT)),
    "CLIP": lambda: transformers.CLIPModel(transformers.CLIPConfig(
        text_config=TEXT, projection_dim=16,
        vision_config={"image_size": 32, "patch_size": 8, **SMALL})),
    "Llama with LoRA": adapted,
}


def pretrained_cases(name, make, folder, tally):
    at = os.path.join(folder, name)
    live = make()
    on_disk = llama() if name.endswith("on meta") else live
    on_disk.save_pretrained(at)
    tally.clean(f"transformers {name}", live, at)
    file = os.path.join(at, "adapter_model.safetensors" if "LoRA" in name
                        else "model.safetensors")
    tensors = safetensors.torch.load_file(file)
    last = sorted(tensors)[-1]
    tensors["renamed." + last] = tensors.pop(last)
    safetensors.torch.save_file(tensors, file, metadata={"format": "pt"})
    tally.tells(f"transformers {name}, renamed", live, at, "renamed-variable")


class Lit(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = Net()

    def training_step(self, batch, _):
        return self.net(batch[0]).sum()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())


def lightning_case(path, tally):
    model = Lit()
    trainer = lightning.Trainer(
        max_steps=1, logger=False, enable_checkpointing=False,
        enable_model_summary=False, enable_progress_bar=False,
        accelerator="cpu")
    data = torch.utils.data.TensorDataset(torch.randn(4, 6))
    trainer.fit(model, torch.utils.data.DataLoader(data, batch_size=4))
    trainer.save_checkpoint(path)
    tally.clean("Lightning", model, path, optimizer=trainer.optimizers)


def main(quick):
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.pt")
        for name, make in list(MODULES.items())[:2 if quick else None]:
            for form, save in FORMS.items():
                if form == "safetensors" and name == "extra state":
                    continue  # refuses what is no tensor
                model = make()
                at = os.path.join(folder, f"{name}.{form}")
                save(model, at)
                tally.clean(f"{name}, {form}", model, at)
        save_pt(Tied(), path)
        tally.clean("on meta", on_meta(Tied), path)
        for form in FORMS:
            at = os.path.join(folder, f"plain.{form}")
            tally.tells(f"renamed, {form}", Net("first"), at,
                        "renamed-variable")
        lazy = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 2))
        save_pt(nn.Sequential(nn.Linear(5, 3), nn.Linear(3, 2)), path)
        tally.clean("lazy", lazy, path)
        for name, make in list(OPTIMIZERS.items())[:2 if quick else None]:
            optimizer_cases(name, make, path, tally)
        save_pt(Net(), path)
        model = Net()
        tally.tells("weights only", model, path, "missing-optimizer",
                    optimizer=torch.optim.Adam(model.parameters()))
        for name, make in list(PRETRAINED.items())[:2 if quick else None]:
            pretrained_cases(name, make, folder, tally)
        lightning_case(path, tally)
    return tally.close()


transformers.utils.logging.disable_progress_bar()
sys.exit(main("--quick" in sys.argv))
