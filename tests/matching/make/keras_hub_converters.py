#!/usr/bin/env python3
"""keras-hub: its converters of transformers and timm checkpoints.

The converters ask a loader for tensors by their stored names; the loader
here answers from a live torch model whose values are tagged. Made with
keras-hub 0.32.0, Keras 3.15.1 (torch), transformers 5.23.0, timm 1.0.31.

  python keras_hub_converters.py [PART OF AN ID]
"""

import importlib
import os
import sys
import tempfile

os.environ.update(KERAS_BACKEND="torch", HF_HUB_OFFLINE="1")

import keras
import keras_hub
import numpy as np
import torch
import transformers as hf
from safetensors.torch import load_file

from pairs import Side, Tagger, Var, write

UTILS = "keras_hub.src.utils"
WRITER = f"keras-hub {keras_hub.__version__}"

TEXT = dict(
    vocab_size=48, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=20, max_position_embeddings=24,
)
CAUSAL = dict(TEXT, num_key_value_heads=1, head_dim=8)
BART = dict(
    vocab_size=48, d_model=8, num_hidden_layers=2, encoder_layers=2, decoder_layers=2,
    encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=20,
    decoder_ffn_dim=20, max_position_embeddings=24,
)

# Family, module, transformers' class, configuration.
VIT = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
           intermediate_size=20, image_size=16, patch_size=8)
TRANSFORMERS = [
    ("albert", "convert_albert", "AlbertForPreTraining", dict(TEXT, embedding_size=12)),
    ("bart", "convert_bart", "BartForConditionalGeneration", BART),
    ("distilbert", "convert_distilbert", "DistilBertForMaskedLM",
     dict(vocab_size=48, dim=8, n_layers=2, n_heads=2, hidden_dim=20,
          max_position_embeddings=24)),
    ("esm", "convert_esm", "EsmModel",
     dict(TEXT, position_embedding_type="rotary", pad_token_id=1)),
    ("gemma", "convert_gemma", "GemmaForCausalLM", CAUSAL),
    ("gemma", "convert_gemma", "Gemma2ForCausalLM",
     dict(CAUSAL, query_pre_attn_scalar=8)),
    ("llama3", "convert_llama3", "LlamaForCausalLM", CAUSAL),
    ("roberta", "convert_roberta", "RobertaForMaskedLM",
     dict(TEXT, pad_token_id=1)),
    ("swin", "convert_swin_transformer", "SwinModel",
     dict(image_size=32, patch_size=4, embed_dim=8, depths=[1, 2],
          num_heads=[1, 2], window_size=4)),
    ("xlm_roberta", "convert_xlm_roberta", "XLMRobertaForMaskedLM",
     dict(TEXT, pad_token_id=1)),
    ("t5gemma", "convert_t5gemma", "T5GemmaForConditionalGeneration",
     dict(encoder=dict(CAUSAL, query_pre_attn_scalar=8, sliding_window=8,
     layer_types=["full_attention"]*2), decoder=dict(CAUSAL,
     query_pre_attn_scalar=8, sliding_window=8,
     cross_attention_hidden_size=16, layer_types=["full_attention"]*2))),
    ("dinov2", "convert_dinov2", "Dinov2WithRegistersModel", dict(VIT,
     mlp_ratio=2)),
    ("mixtral", "convert_mixtral", "MixtralForCausalLM", dict(CAUSAL,
     num_local_experts=2)),
    ("qwen3", "convert_qwen3", "Qwen3ForCausalLM", CAUSAL),
]

TIMM = [
    ("mobilenet", "convert_mobilenet", "mobilenetv3_small_050"),
]


def tag_torch(model):
    tags, seen = Tagger(), set()
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if tensor.data_ptr() not in seen:
                seen.add(tensor.data_ptr())
                kind = "float32" if tensor.is_floating_point() else "int64"
                tensor.copy_(torch.from_numpy(tags.array(tensor.shape, kind)))


def stored(model):
    """What the file holds: transformers writes other names than it shows."""
    side = Side("model.safetensors", "pytorch", format="safetensors")
    state = model.state_dict()
    if hasattr(model, "save_pretrained") and hasattr(model, "base_model_prefix"):
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            state = load_file(os.path.join(folder, "model.safetensors"))
    for name, tensor in state.items():
        side.variables.append(Var(name, tensor.detach().numpy().copy()))
    return side


class Loader:
    """Stands in for keras-hub's SafetensorLoader."""

    def __init__(self, side):
        self.tensors = {v.name: v.value for v in side.variables}

    def get_prefixed_key(self, key, _=None):
        if key in self.tensors:
            return key
        ends = [n for n in self.tensors if n.endswith(key)]
        return min(ends, key=len) if ends else key

    def get_tensor(self, key):
        return self.tensors[self.get_prefixed_key(key)]

    def port_weight(self, keras_variable, hf_weight_key, hook_fn=None):
        tensor = self.get_tensor(hf_weight_key)
        if hook_fn:
            tensor = hook_fn(tensor, list(keras_variable.shape))
        keras_variable.assign(np.asarray(tensor))


def live(model):
    side = Side(type(model).__name__, "keras", WRITER)
    for v in model.weights:
        value = keras.ops.convert_to_numpy(v)
        side.variables.append(Var(v.path, value, bool(v.trainable)))
    return side


def blank(model):
    for v in model.weights:
        if "float" in str(v.dtype):
            v.assign(np.zeros(v.shape, "float32"))


def make(family, where, module, name, source, config):
    converter = importlib.import_module(f"{UTILS}.{where}.{module}")
    side = stored(source)
    backbone = converter.backbone_cls(**converter.convert_backbone_config(config))
    blank(backbone)
    converter.convert_weights(backbone, Loader(side), config)
    write(
        f"hub-from-{name.lower().replace('_', '-')}", family, 2,
        f"{WRITER} {module}, tagged values", side, live(backbone),
        "cross-library-names",
    )


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    for family, module, name, settings in TRANSFORMERS:
        if part not in f"hub-from-{name.lower()}":
            continue
        try:
            keras.backend.clear_session()
            kind = getattr(hf, name)
            config = kind.config_class(**settings)
            model = kind(config)
            tag_torch(model)
            settings = {"num_hidden_layers": 2, **config.to_dict()}
            make(family, "transformers", module, name, model, settings)
        except Exception as error:
            print(f"! {name}: {type(error).__name__} {str(error)[:300]!r}")
    import timm

    for family, module, name in TIMM:
        if part not in f"hub-from-timm-{name}":
            continue
        try:
            keras.backend.clear_session()
            model = timm.create_model(name)
            tag_torch(model)
            config = {"architecture": name, **model.pretrained_cfg}
            make(family, "timm", module, f"timm-{name}", model, config)
        except Exception as error:
            print(f"! {name}: {type(error).__name__} {str(error)[:300]!r}")


if __name__ == "__main__":
    main()
