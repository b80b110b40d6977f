#!/usr/bin/env python3
"""Transformers 5: what it stores is not what it holds.

`save_pretrained` runs the conversion tables backwards (the file keeps the
names of version 4, experts apart), so a file and its model are a pair. Made
with transformers 5.23.0, torch 2.13.0.

  python transformers5.py [PART OF AN ID]
"""

import os
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1")

import torch
import transformers as hf
from safetensors.torch import load_file

from pairs import Side, Tagger, Var, truth_of, write

WRITER = f"transformers {hf.__version__}"

TEXT = dict(
    vocab_size=48, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=20, max_position_embeddings=24, pad_token_id=0,
)
CAUSAL = dict(TEXT, num_key_value_heads=1, head_dim=4)
MOE = dict(CAUSAL, moe_intermediate_size=6, num_experts=3,
           num_experts_per_tok=2)
SMALL_VISION = dict(
    hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=20, image_size=16, patch_size=8,
)

# Family, class, configuration.
SIGLIP = dict(SMALL_VISION, model_type="siglip_vision_model")
MANY_EXPERTS = dict(
    CAUSAL, moe_intermediate_size=6, n_routed_experts=4, num_experts=4,
    num_local_experts=4, n_group=1, topk_group=1, num_experts_per_tok=2,
    n_shared_experts=1, first_k_dense_replace=1)
CASES = [
    ("deepseek", "DeepseekV3ForCausalLM",
     dict(TEXT, moe_intermediate_size=6, n_routed_experts=4, n_group=2,
          topk_group=1, num_experts_per_tok=2, n_shared_experts=1,
          kv_lora_rank=4, q_lora_rank=6, qk_rope_head_dim=4, v_head_dim=4,
          qk_nope_head_dim=4, first_k_dense_replace=1)),
    ("olmoe", "OlmoeForCausalLM",
     dict(TEXT, num_experts=3, num_experts_per_tok=2, intermediate_size=6)),
    ("jamba", "JambaForCausalLM",
     dict(CAUSAL, num_experts=2, num_experts_per_tok=1, mamba_d_state=4,
          mamba_dt_rank=3, attn_layer_period=2, attn_layer_offset=1,
          expert_layer_period=2, expert_layer_offset=1,
          use_mamba_kernels=False)),
    ("phimoe", "PhimoeForCausalLM", dict(CAUSAL, num_local_experts=3)),
    ("granitemoe", "GraniteMoeForCausalLM",
     dict(CAUSAL, num_local_experts=3)),
    ("ernie", "Ernie4_5_MoeForCausalLM",
     dict(CAUSAL, moe_intermediate_size=6, moe_num_experts=3, moe_k=2,
          moe_num_shared_experts=1)),
    ("lfm2", "Lfm2MoeForCausalLM",
     dict(CAUSAL, moe_intermediate_size=6, num_experts=3,
          num_experts_per_tok=2, num_dense_layers=1,
          layer_types=["conv", "full_attention"])),
    ("swin", "SwinForImageClassification",
     dict(image_size=32, patch_size=4, embed_dim=4, depths=[1, 2],
          num_heads=[1, 2], window_size=4)),
    ("paligemma", "PaliGemmaForConditionalGeneration",
     dict(vision_config=dict(SMALL_VISION, projection_dim=8,
                             model_type="siglip_vision_model"),
          text_config=dict(CAUSAL, model_type="gemma"), projection_dim=8)),
    ("gemma3", "Gemma3ForConditionalGeneration",
     dict(vision_config=dict(SMALL_VISION, model_type="siglip_vision_model"),
          text_config=dict(CAUSAL, sliding_window=8), mm_tokens_per_image=1)),
    ("altclip", "AltCLIPModel",
     dict(text_config=dict(TEXT, project_dim=8),
          vision_config=dict(SMALL_VISION, projection_dim=8),
          projection_dim=8)),
    ("timesfm", "TimesFm2_5ModelForPrediction",
     dict(TEXT, patch_length=4, head_dim=4, num_key_value_heads=2,
          context_length=16, horizon_length=8)),
    ("dinov3", "DINOv3ConvNextModel",
     dict(hidden_sizes=[4, 6, 8, 10], depths=[1, 1, 2, 1])),
    ("fuyu", "FuyuForCausalLM",
     dict(TEXT, text_config=dict(TEXT, model_type="persimmon"),
          image_size=16, patch_size=8)),
    ("mllama", "MllamaForConditionalGeneration",
     dict(text_config=dict(CAUSAL, cross_attention_layers=[1]),
          vision_config=dict(hidden_size=8, num_hidden_layers=1,
                             num_global_layers=1, attention_heads=2,
                             intermediate_size=12, vision_output_dim=16,
                             image_size=16, patch_size=8, max_num_tiles=1,
                             intermediate_layers_indices=[0],
                             supported_aspect_ratios=[[1, 1]]))),
    ("minimax", "MiniMaxForCausalLM", dict(CAUSAL, num_local_experts=3,
     num_experts_per_tok=2, layer_types=["linear_attention",
     "full_attention"])),
    ("deepseekv2", "DeepseekV2ForCausalLM", dict(TEXT,
     moe_intermediate_size=6, n_routed_experts=4, n_group=2, topk_group=1,
     num_experts_per_tok=2, n_shared_experts=1, kv_lora_rank=4,
     q_lora_rank=6, qk_rope_head_dim=4, v_head_dim=4, qk_nope_head_dim=4,
     first_k_dense_replace=1)),
    ("dots1", "Dots1ForCausalLM", MANY_EXPERTS),
    ("hunyuan", "HunYuanMoEV1ForCausalLM", dict(CAUSAL, num_experts=3,
     moe_topk=2)),
    ("flexolmo", "FlexOlmoForCausalLM", dict(CAUSAL, num_experts=3,
     num_experts_per_tok=2)),
    ("longcat", "LongcatFlashForCausalLM", dict(vocab_size=48,
     hidden_size=8, num_layers=2, num_attention_heads=2,
     ffn_hidden_size=20, q_lora_rank=6, kv_lora_rank=4, qk_nope_head_dim=4,
     qk_rope_head_dim=4, v_head_dim=4, n_routed_experts=3,
     zero_expert_num=1, expert_ffn_hidden_size=6, moe_topk=2)),
    ("exaone", "ExaoneMoeForCausalLM", dict(MANY_EXPERTS,
     sliding_window=8)),
    ("granitehybrid", "GraniteMoeHybridForCausalLM", dict(CAUSAL,
     num_local_experts=3, num_experts_per_tok=2,
     shared_intermediate_size=12, mamba_n_heads=4, mamba_d_head=4,
     mamba_d_state=4, mamba_n_groups=1, layer_types=["mamba",
     "attention"])),
    ("granitemoeshared", "GraniteMoeSharedForCausalLM", dict(CAUSAL,
     num_local_experts=3, num_experts_per_tok=2,
     shared_intermediate_size=12)),
    ("glm4v", "Glm4vMoeForConditionalGeneration",
     dict(text_config=dict(MANY_EXPERTS), vision_config=dict(hidden_size=8,
     depth=2, num_heads=2, intermediate_size=20, out_hidden_size=8,
     image_size=16, patch_size=4, attention_heads=2))),
    ("aria", "AriaForConditionalGeneration", dict(text_config=dict(CAUSAL,
     moe_num_experts=3, moe_topk=2, moe_num_shared_experts=1,
     model_type="aria_text"), vision_config=dict(SMALL_VISION,
     model_type="idefics3_vision"))),
    ("nemotron", "NemotronHForCausalLM", dict(CAUSAL,
     layers_block_type=["mamba", "moe", "attention"], n_routed_experts=3,
     num_experts_per_tok=2, moe_intermediate_size=6,
     moe_shared_expert_intermediate_size=12, n_group=1, topk_group=1,
     mamba_num_heads=4, mamba_head_dim=4, ssm_state_size=4, n_groups=1)),
    ("dinov3", "DINOv3ViTModel", dict(SMALL_VISION,
     num_register_tokens=2)),
    ("shieldgemma2", "ShieldGemma2ForImageClassification",
     dict(vision_config=SIGLIP, text_config=dict(CAUSAL, sliding_window=8),
     mm_tokens_per_image=1)),
    ("granitespeech", "GraniteSpeechForConditionalGeneration",
     dict(text_config=dict(CAUSAL, model_type="granite"),
     encoder_config=dict(hidden_dim=8, input_dim=6, num_layers=2,
     num_heads=2, dim_head=4, output_dim=10, feedforward_mult=2,
     context_size=8), projector_config=dict(model_type="blip_2_qformer",
     hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
     intermediate_size=20, encoder_hidden_size=8, vocab_size=10))),
    ("audioflamingo", "AudioFlamingo3ForConditionalGeneration",
     dict(text_config=dict(CAUSAL, model_type="qwen2"),
     audio_config=dict(d_model=8, encoder_layers=2,
     encoder_attention_heads=2, encoder_ffn_dim=20, num_mel_bins=6,
     max_source_positions=12))),
    ("gte", "GteModel", dict(TEXT)),
    ("esm", "EsmForMaskedLM", dict(TEXT,
     position_embedding_type="rotary")),
    ("timm", "ColPaliForRetrieval",
     dict(vlm_config=dict(model_type="paligemma", vision_config=SIGLIP,
     text_config=dict(CAUSAL, model_type="gemma"), projection_dim=8),
     embedding_dim=6)),
    ("olmohybrid", "OlmoHybridForCausalLM", dict(CAUSAL,
     layer_types=["linear_attention", "full_attention"])),
    ("deepseekv4", "DeepseekV4ForCausalLM", MANY_EXPERTS),
    ("glm4lite", "Glm4MoeLiteForCausalLM", dict(TEXT,
     moe_intermediate_size=6, n_routed_experts=4, n_group=1, topk_group=1,
     num_experts_per_tok=2, n_shared_experts=1, kv_lora_rank=4,
     q_lora_rank=6, qk_rope_head_dim=4, v_head_dim=4, qk_nope_head_dim=4)),
]


def id_of(name):
    return "hf5-" + name.lower().replace("_", "-")


def make(family, name, settings):
    kind = getattr(hf, name)
    model = kind(kind.config_class(**settings))
    tags, seen = Tagger(), set()
    state = model.state_dict()
    with torch.no_grad():
        for tensor in state.values():
            if tensor.data_ptr() not in seen:
                seen.add(tensor.data_ptr())
                way = "float32" if tensor.is_floating_point() else "int64"
                tensor.copy_(torch.from_numpy(tags.array(tensor.shape, way)))
    actual = Side("model.safetensors", "pytorch", "transformers 4",
                  "safetensors")
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        stored = load_file(os.path.join(folder, "model.safetensors"))
    actual.variables = [Var(n, t.numpy()) for n, t in stored.items()]
    expected = Side(name, "pytorch", WRITER)
    trainable = {n for n, _ in model.named_parameters()}
    for n, t in state.items():
        value = t.detach().numpy().copy()
        expected.variables.append(Var(n, value, n in trainable))
    fuses = truth_of(actual.variables, expected.variables)["groups"]
    cause = "fused-parameters" if fuses else "version-drift"
    also = ["version-drift", "layers-renamed", "fused-parameters",
            "container-path-changed", "scope-prefix", "wrapper-prefix"]
    write(
        id_of(name), family, 4,
        f"{WRITER} save_pretrained, tagged values", actual, expected, cause,
        [c for c in also if c != cause],
    )


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    for family, name, settings in CASES:
        if part in id_of(name):
            try:
                make(family, name, settings)
            except Exception as error:
                print(f"! {name}: {type(error).__name__} {str(error)[:300]!r}")


if __name__ == "__main__":
    main()
