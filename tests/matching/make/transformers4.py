#!/usr/bin/env python3
"""Transformers 4: one model in PyTorch, TensorFlow and Flax.

Runs the loaders that ship with transformers over tagged values. Made with
transformers 4.46.3, torch 2.13.0, TensorFlow 2.15.1, flax 0.8.5.

  python transformers4.py [PART OF AN ID]
"""

import os
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", HF_HUB_OFFLINE="1")

import numpy as np
import torch
import transformers as hf
from flax.traverse_util import flatten_dict
from transformers import modeling_flax_pytorch_utils as flax_torch
from transformers import modeling_tf_pytorch_utils as tf_torch

from pairs import Side, Tagger, Var, write

WRITER = f"transformers {hf.__version__}"
ORIGIN = f"transformers {hf.__version__} %s conversion code, tagged values"

SMALL = dict(
    vocab_size=48, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=20, max_position_embeddings=24,
)
SEQ2SEQ = dict(
    vocab_size=48, d_model=8, encoder_layers=2, decoder_layers=2,
    encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=20,
    decoder_ffn_dim=20, max_position_embeddings=24, pad_token_id=1,
)
VISION = dict(
    image_size=16, patch_size=8, hidden_size=8, num_hidden_layers=2,
    num_attention_heads=2, intermediate_size=20,
)
CLIP_TEXT = {**SMALL, "projection_dim": 12}
CLIP_VISION = {**VISION, "projection_dim": 12}

WAV = dict(
    hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=20, conv_dim=(6, 6, 6), conv_kernel=(3, 3, 3),
    conv_stride=(2, 2, 2), num_conv_pos_embeddings=4,
    num_conv_pos_embedding_groups=2, vocab_size=20)
# Family, class, configuration; of those that are converted in several ways.
MARIAN = ("marian", "MarianMTModel", dict(SEQ2SEQ, decoder_start_token_id=1))
PEGASUS = ("pegasus", "PegasusForConditionalGeneration", SEQ2SEQ)
MBART = ("mbart", "MBartForConditionalGeneration", SEQ2SEQ)
# The same, and which way.
CASES = [
    ("albert", "AlbertForMaskedLM", dict(SMALL, embedding_size=12), "tf-pt"),
    ("albert", "AlbertModel", dict(SMALL, embedding_size=12), "pt-flax"),
    ("bart", "BartForConditionalGeneration", SEQ2SEQ, "flax-pt"),
    ("bart", "BartModel", SEQ2SEQ, "pt-tf"),
    ("bloom", "BloomForCausalLM",
     dict(vocab_size=48, hidden_size=8, n_layer=3, n_head=2), "flax-pt"),
    ("clip", "CLIPModel",
     dict(text_config=CLIP_TEXT, vision_config=CLIP_VISION,
          projection_dim=12), "pt-tf"),
    ("convnext", "ConvNextForImageClassification",
     dict(hidden_sizes=[4, 8, 12, 16], depths=[1, 1, 2, 1], image_size=32),
     "tf-pt"),
    ("deberta", "DebertaV2ForMaskedLM",
     dict(SMALL, relative_attention=True, position_buckets=4,
          pos_att_type=["p2c", "c2p"], share_att_key=True, norm_rel_ebd="layer_norm"), "pt-tf"),
    ("distilbert", "DistilBertForSequenceClassification",
     dict(vocab_size=48, dim=8, n_layers=3, n_heads=2, hidden_dim=20,
          max_position_embeddings=24), "flax-pt"),
    ("distilbert", "DistilBertForMaskedLM",
     dict(vocab_size=48, dim=8, n_layers=3, n_heads=2, hidden_dim=20,
          max_position_embeddings=24), "pt-tf"),
    ("esm", "EsmForMaskedLM",
     dict(SMALL, position_embedding_type="rotary", pad_token_id=1), "pt-tf"),
    ("funnel", "FunnelModel",
     dict(vocab_size=48, block_sizes=[1, 2], num_decoder_layers=1, d_model=8,
          n_head=2, d_head=4, d_inner=20), "tf-pt"),
    ("gptj", "GPTJForCausalLM",
     dict(vocab_size=48, n_embd=8, n_layer=3, n_head=2, rotary_dim=4,
          n_positions=24), "pt-flax"),
    ("gptneo", "GPTNeoForCausalLM",
     dict(vocab_size=48, hidden_size=8, num_layers=2, num_heads=2,
          attention_types=[[["global", "local"], 1]],
          max_position_embeddings=24), "flax-pt"),
    ("longt5", "LongT5ForConditionalGeneration",
     dict(vocab_size=48, d_model=8, d_kv=4, d_ff=20, num_layers=2,
          num_heads=2, encoder_attention_type="transient-global",
          is_gated_act=True, feed_forward_proj="gated-gelu"), "flax-pt"),
    ("mpnet", "MPNetForMaskedLM", SMALL, "tf-pt"),
    ("opt", "OPTForCausalLM",
     dict(vocab_size=48, hidden_size=8, num_hidden_layers=3, ffn_dim=20,
          num_attention_heads=2, max_position_embeddings=24,
          word_embed_proj_dim=8), "tf-pt"),
    ("rembert", "RemBertModel",
     dict(SMALL, input_embedding_size=6, output_embedding_size=10), "pt-tf"),
    ("swin", "SwinForImageClassification",
     dict(image_size=32, patch_size=4, embed_dim=4, depths=[1, 2],
          num_heads=[1, 2], window_size=4), "pt-tf"),
    ("whisper", "WhisperForConditionalGeneration",
     dict({k: v for k, v in SEQ2SEQ.items() if k != "max_position_embeddings"},
          num_mel_bins=6, max_source_positions=16, max_target_positions=24,
          decoder_start_token_id=1), "flax-pt"),
    ("data2vec", "Data2VecVisionForImageClassification", VISION, "tf-pt"),
    ("layoutlmv3", "LayoutLMv3Model", dict(SMALL, coordinate_size=2,
     shape_size=2, input_size=16, patch_size=8,
     max_2d_position_embeddings=20), "tf-pt"),
    ("led", "LEDForConditionalGeneration", dict(vocab_size=48, d_model=8,
     encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
     decoder_attention_heads=2, encoder_ffn_dim=20, decoder_ffn_dim=20,
     max_encoder_position_embeddings=24,
     max_decoder_position_embeddings=20, attention_window=4), "pt-tf"),
    ("speech2text", "Speech2TextForConditionalGeneration", dict({k: v for
     k, v in SEQ2SEQ.items() if k != "max_position_embeddings"},
     input_feat_per_channel=6, conv_channels=8, max_source_positions=20,
     max_target_positions=20), "pt-tf"),
    ("wav2vec2", "Wav2Vec2Model", WAV, "tf-pt"),
    ("hubert", "HubertForCTC", WAV, "pt-tf"),
    ("convnextv2", "ConvNextV2ForImageClassification",
     dict(hidden_sizes=[4, 8, 12, 16], depths=[1, 1, 2, 1], image_size=32),
     "pt-tf"),
    (*MARIAN, "pt-tf"),
    (*PEGASUS, "tf-pt"),
    ("blenderbot", "BlenderbotSmallForConditionalGeneration", SEQ2SEQ,
     "tf-pt"),
    (*MBART, "pt-tf"),
    ("gptj", "GPTJForCausalLM", dict(vocab_size=48, n_embd=8, n_layer=3,
     n_head=2, rotary_dim=4, n_positions=24), "tf-pt"),
    ("whisper", "WhisperForConditionalGeneration", dict({k: v for k, v in
     SEQ2SEQ.items() if k != "max_position_embeddings"}, num_mel_bins=6,
     max_source_positions=16, max_target_positions=24,
     decoder_start_token_id=1), "pt-tf"),
    ("gemma", "GemmaForCausalLM", dict(SMALL, num_key_value_heads=1,
     head_dim=4), "flax-pt"),
    (*MARIAN, "flax-pt"),
    (*PEGASUS, "pt-flax"),
    ("blenderbot", "BlenderbotForConditionalGeneration", SEQ2SEQ,
     "flax-pt"),
    (*MBART, "pt-flax"),
    ("wav2vec2", "Wav2Vec2Model", dict(WAV, do_stable_layer_norm=True,
     feat_extract_norm="layer"), "flax-pt"),
    ("clip", "CLIPModel", dict(text_config=CLIP_TEXT,
     vision_config=CLIP_VISION, projection_dim=12), "flax-pt"),
    ("mt5", "MT5ForConditionalGeneration", dict(vocab_size=48, d_model=8,
     d_kv=4, d_ff=20, num_layers=2, num_heads=2), "pt-tf"),
    ("opt", "OPTForCausalLM", dict(vocab_size=48, hidden_size=8,
     num_hidden_layers=3, ffn_dim=20, num_attention_heads=2,
     max_position_embeddings=24, word_embed_proj_dim=8), "pt-flax"),
    ("t5", "T5ForConditionalGeneration", dict(vocab_size=48, d_model=8,
     d_kv=4, d_ff=20, num_layers=2, num_heads=2,
     feed_forward_proj="gated-gelu"), "flax-pt"),
]

# TensorFlow keeps a copy of its own of what PyTorch ties.
TIED = [
    "final_logits_bias",
    "tf_albert_for_masked_lm/predictions/decoder/bias",
]


def configuration(name, settings):
    return getattr(hf, name).config_class(**settings)


def torch_side(model):
    with torch.no_grad():
        trainable = {n for n, _ in model.named_parameters()}
        kept = [
            Var(n, t.detach().numpy().copy(), trainable=n in trainable)
            for n, t in model.state_dict(keep_vars=True).items()
        ]
    return kept


def tag_torch(model, tags):
    seen = {}
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if tensor.data_ptr() in seen:
                continue
            seen[tensor.data_ptr()] = True
            kind = "int64" if not tensor.is_floating_point() else "float32"
            tensor.copy_(torch.from_numpy(tags.array(tensor.shape, kind)))


def blank_torch(model):
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.fill_(0)


def tf_side(model):
    seen, kept = set(), []
    for v in model.weights:
        if id(v) in seen:
            continue
        seen.add(id(v))
        name = v.name.split(":")[0]
        kept.append(Var(name, v.numpy(), trainable=v.trainable))
    return kept


def flax_side(params):
    return [
        Var("/".join(path), np.asarray(value))
        for path, value in flatten_dict(params).items()
    ]


def tagged_flax(params, tags):
    import jax

    return jax.tree_util.tree_map(lambda x: tags.array(x.shape), params)


def make(family, name, settings, way):
    tags = Tagger()
    model = getattr(hf, name)(configuration(name, settings)).eval()
    pt = Side(name, "pytorch", WRITER)
    if "flax" in way:
        other = Side(f"{name}.msgpack", "flax", WRITER, "flax-msgpack")
        flax = getattr(hf, "Flax" + name)(configuration(name, settings))
        library = "PyTorch and Flax"
        if way == "flax-pt":
            params = tagged_flax(flax.params, tags)
            blank_torch(model)
            flax_torch.load_flax_weights_in_pytorch_model(model, params)
        else:
            tag_torch(model, tags)
            params = flax_torch.convert_pytorch_state_dict_to_flax(
                {k: v.clone() for k, v in model.state_dict().items()}, flax
            )
            wanted = flatten_dict(flax.params)
            params = {
                "p": {
                    "/".join(k): v
                    for k, v in flatten_dict(params).items()
                    if k in wanted
                }
            }["p"]
        if way == "flax-pt":
            other.variables = flax_side(params)
        else:
            other.variables = [Var(k, np.asarray(v)) for k, v in params.items()]
    else:
        other = Side("tf_model.h5", "keras", WRITER, "keras-weights-h5")
        tf_model = getattr(hf, "TF" + name)(configuration(name, settings))
        tf_model.build_in_name_scope()
        library = "PyTorch and TensorFlow"
        if way == "tf-pt":
            for v in tf_model.weights:
                kind = "int64" if v.dtype.is_integer else "float32"
                v.assign(tags.array(v.shape, kind))
            blank_torch(model)
            tf_torch.load_tf2_model_in_pytorch_model(
                model, tf_model, allow_missing_keys=True
            )
        else:
            tag_torch(model, tags)
            tf_torch.load_pytorch_model_in_tf2_model(
                tf_model, model, allow_missing_keys=True
            )
        other.variables = tf_side(tf_model)
    pt.variables = torch_side(model)
    actual, expected = (other, pt) if way.endswith("-pt") else (pt, other)
    if actual is pt:
        for v in pt.variables:
            v.trainable = True
        pt.path, pt.format = "model.safetensors", "safetensors"
        other.format, other.path = "layout", name
    write(
        f"hf4-{way}-{name.lower()}", family, 2, ORIGIN % library,
        actual, expected, "cross-library-names",
        neutral=[n for n in TIED if n in
                 {v.name for v in actual.variables + expected.variables}],
    )


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    for family, name, settings, way in CASES:
        if part in f"hf4-{way}-{name.lower()}":
            try:
                make(family, name, settings, way)
            except Exception as error:  # one library lacks one model
                print(f"! {way} {name}: {str(error)[:300]!r}")


if __name__ == "__main__":
    main()
