#!/usr/bin/env python3
"""The scripts by which transformers takes in the checkpoints of others.

Each renames, and cuts the packed query, key and value apart. They are run on
a live model of the library they convert from (timm, open_clip), or on the
names that they themselves list. Made with transformers 4.46.3, timm 1.0.31,
open_clip 3.3.0.

  python convert_scripts.py [PART OF AN ID]
"""

import os
import sys

os.environ.update(HF_HUB_OFFLINE="1", USE_TF="0", USE_FLAX="0")

import torch
import transformers as hf

from pairs import Side, Tagger, Var, write

WRITER = f"transformers {hf.__version__}"


def tagged(state):
    tags = Tagger()
    return {
        name: torch.from_numpy(tags.array(tuple(tensor.shape)))
        for name, tensor in state.items()
    }


def finish(id, family, origin, source, converted, model):
    actual = Side("pytorch_model.bin", "pytorch", format="torch-zip")
    actual.variables = [Var(n, t.numpy().copy()) for n, t in source.items()]
    expected = Side(type(model).__name__, "pytorch", WRITER)
    trainable = {n for n, _ in model.named_parameters()}
    for name, tensor in model.state_dict().items():
        value = converted.get(name, torch.zeros_like(tensor)).detach()
        assert value.shape == tensor.shape, name
        expected.variables.append(
            Var(name, value.numpy().copy(), name in trainable)
        )
    write(
        f"conv-{id}", family, 2, f"{WRITER} {origin}, tagged values",
        actual, expected, "fused-parameters",
        ["cross-library-names", "version-drift", "layers-renamed"],
    )


def vit(id, module, model, config, classifier):
    """timm's names, renamed by a list and then cut apart."""
    source = tagged(model.state_dict())
    state = dict(source)
    for old, new in module.create_rename_keys(config, base_model=False):
        state[new] = state.pop(old)
    module.read_in_q_k_v(state, config, False)
    finish(id, "vit", module.__name__.split(".")[-1], source, state,
           classifier(config))


def timm_vit():
    from timm.models.vision_transformer import VisionTransformer
    from transformers.models.vit import convert_vit_timm_to_pytorch as module

    model = VisionTransformer(
        img_size=16, patch_size=8, embed_dim=12, depth=3, num_heads=2,
        mlp_ratio=3, num_classes=5)
    config = hf.ViTConfig(
        hidden_size=12, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=36, image_size=16, patch_size=8, num_labels=5)
    vit("timm-vit", module, model, config, hf.ViTForImageClassification)


def timm_deit():
    from timm.models.deit import VisionTransformerDistilled
    from transformers.models.deit import convert_deit_timm_to_pytorch as module

    model = VisionTransformerDistilled(
        img_size=16, patch_size=8, embed_dim=12, depth=2, num_heads=2,
        mlp_ratio=3, num_classes=5)
    config = hf.DeiTConfig(
        hidden_size=12, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=36, image_size=16, patch_size=8, num_labels=5)
    vit("timm-deit", module, model, config,
        hf.DeiTForImageClassificationWithTeacher)


def open_clip_model():
    import types

    import open_clip

    sys.modules["clip"] = types.SimpleNamespace(load=None)  # not used here
    from transformers.models.clip import (
        convert_clip_original_pytorch_to_hf as module,
    )

    model = open_clip.CLIP(
        embed_dim=10,
        vision_cfg=dict(layers=2, width=64, head_width=32, mlp_ratio=1.5,
                        patch_size=8, image_size=16),
        text_cfg=dict(layers=2, width=24, heads=2, context_length=12,
                      vocab_size=40),
    )
    with torch.no_grad():
        source = tagged(dict(model.named_parameters()))
        for name, parameter in model.named_parameters():
            parameter.copy_(source[name])
        other = hf.CLIPModel(hf.CLIPConfig(
            projection_dim=10,
            text_config=dict(
                vocab_size=40, hidden_size=24, intermediate_size=96,
                num_hidden_layers=2, num_attention_heads=2,
                max_position_embeddings=12, projection_dim=10),
            vision_config=dict(
                hidden_size=64, intermediate_size=96, num_hidden_layers=2,
                num_attention_heads=2, image_size=16, patch_size=8,
                projection_dim=10),
        ))
        module.copy_text_model_and_projection(other, model)
        module.copy_vison_model_and_projection(other, model)
        other.logit_scale = model.logit_scale
    finish("open-clip", "clip", module.__name__.split(".")[-1], source,
           dict(other.state_dict()), other)


def original_pvt():
    from transformers.models.pvt import convert_pvt_to_pytorch as module

    config = hf.PvtConfig(
        image_size=32, hidden_sizes=[8, 12, 16, 20], depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 2, 2], mlp_ratios=[2, 2, 2, 2],
        num_labels=5)
    model = hf.PvtForImageClassification(config)
    shapes = model.state_dict()
    names = module.create_rename_keys(config)
    source = {old: shapes[new] for old, new in names if new in shapes}
    old_of = {new: old for old, new in names}
    for name, tensor in shapes.items():
        if ".self.key." not in name:
            continue
        source[old_of[name.replace(".self.key.", ".self.kv.")]] = torch.cat(
            [tensor, tensor])
    source = tagged(source)
    state = dict(source)
    for old, new in names:
        if old in state:
            state[new] = state.pop(old)
    module.read_in_k_v(state, config)
    finish("pvt", "pvt", "convert_pvt_to_pytorch", source, state, model)


CASES = {
    "timm-vit": timm_vit,
    "timm-deit": timm_deit,
    "open-clip": open_clip_model,
    "pvt": original_pvt,
}


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    for id, make in CASES.items():
        if part in id:
            make()


if __name__ == "__main__":
    main()
