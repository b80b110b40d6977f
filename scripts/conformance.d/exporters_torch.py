"""export -> save -> check is clean; export -> rename -> check tells."""
# environments: torch
import os
import sys
import tempfile

import torch
from transformers import LlamaConfig, LlamaForCausalLM, ViTConfig, ViTModel

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "python"))
sys.path.insert(0, os.path.dirname(__file__))
import ckptdiff  # noqa: E402
from exporting import Tally  # noqa: E402


class Net(torch.nn.Module):
    def __init__(self, first="stem"):
        super().__init__()
        setattr(self, first, torch.nn.Linear(6, 5))
        self.name_of_first = first
        self.norm = torch.nn.BatchNorm1d(5)
        self.body = torch.nn.Sequential(torch.nn.Linear(5, 5), torch.nn.ReLU(),
                                        torch.nn.Linear(5, 3))

    def forward(self, x):
        return self.body(self.norm(getattr(self, self.name_of_first)(x)))


def trained(model, optimizer):
    model(torch.randn(7, 6)).sum().backward()
    optimizer.step()
    return model


OPTIMIZERS = {
    "adam": lambda p: torch.optim.Adam(p),
    "adamw-amsgrad": lambda p: torch.optim.AdamW(p, amsgrad=True),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd-momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "rmsprop": lambda p: torch.optim.RMSprop(p, momentum=0.9, centered=True),
    "adagrad": lambda p: torch.optim.Adagrad(p),
    "adadelta": lambda p: torch.optim.Adadelta(p),
    "nadam": lambda p: torch.optim.NAdam(p),
}


def main(quick):
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.pt")
        torch.save(Net().state_dict(), path)
        tally.clean("state dict", Net(), path)
        tally.tells("renamed", Net("first"), path, "renamed-variable")
        for name, make in list(OPTIMIZERS.items())[:2 if quick else None]:
            model = Net()
            optimizer = make(model.parameters())
            fresh = Net()
            fresh_optimizer = make(fresh.parameters())
            trained(model, optimizer)
            torch.save({"model": model.state_dict(),
                        "optimizer": optimizer.state_dict()}, path)
            tally.clean(f"{name}, stepped", model, path, optimizer=optimizer)
            tally.clean(f"{name}, not stepped", fresh, path,
                        optimizer=fresh_optimizer)
        torch.save(Net().state_dict(), path)
        model = Net()
        tally.tells("weights only", model, path, "missing-optimizer",
                    optimizer=torch.optim.Adam(model.parameters()))
        small = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                     intermediate_size=37)
        models = {
            "vit": ViTModel(ViTConfig(image_size=32, patch_size=8, **small)),
            "llama": LlamaForCausalLM(LlamaConfig(vocab_size=50, **small)),
            "llama-tied": LlamaForCausalLM(LlamaConfig(
                vocab_size=50, tie_word_embeddings=True, **small)),
        }
        for name, model in models.items():
            at = os.path.join(folder, name)
            model.save_pretrained(at)
            tally.clean(f"transformers {name}", model, at)
    return tally.close()


sys.exit(main("--quick" in sys.argv))
