"""Equality with independent code whose weights are copied in: torch's own layers, and GPT-2 and Llama of transformers."""

import pytest
import torch
from torch import nn

from playground.transformer.model import build
from tests.transformer.oracle import CONTEXT, HEADS, VOCAB, WIDTH, double, largest, randomise, spec, tokens  # noqa: F401


@pytest.mark.parametrize("causal", [True, False])
def test_multihead_attention_of_torch(causal):
    mask = "causal" if causal else "bidirectional"
    model = build(spec({"attention": {"heads": HEADS, "mask": mask}}), 0)
    ours = model.decoder[0].attention
    randomise(ours)
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.qkv.weight)
        theirs.in_proj_bias.copy_(ours.qkv.bias)
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
    x = torch.randn(3, CONTEXT, WIDTH, generator=torch.Generator().manual_seed(1))
    blocked = torch.ones(CONTEXT, CONTEXT, dtype=torch.bool).triu(1) if causal else None  # True is blocked here
    assert largest(ours(x), theirs(x, x, x, attn_mask=blocked, need_weights=False)[0]) < 1e-12


@pytest.mark.parametrize("place", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_layer_of_torch(place, activation):
    layer = {"norm": {"place": place}, "attention": {"heads": HEADS}, "mlp": {"d_mlp": 48, "activation": activation}}
    ours = build(spec(layer, 1), 0).decoder[0]
    randomise(ours)
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, 48, 0.0, activation, batch_first=True, norm_first=place == "pre")
    pairs = {
        "self_attn.in_proj_weight": ours.attention.qkv.weight, "self_attn.in_proj_bias": ours.attention.qkv.bias,
        "self_attn.out_proj.weight": ours.attention.out.weight, "self_attn.out_proj.bias": ours.attention.out.bias,
        "linear1.weight": ours.mlp.up.weight, "linear1.bias": ours.mlp.up.bias,
        "linear2.weight": ours.mlp.down.weight, "linear2.bias": ours.mlp.down.bias,
        "norm1.weight": ours.norm1.weight, "norm1.bias": ours.norm1.bias,
        "norm2.weight": ours.norm2.weight, "norm2.bias": ours.norm2.bias,
    }  # fmt: skip
    theirs.load_state_dict(pairs)
    x = torch.randn(3, CONTEXT, WIDTH, generator=torch.Generator().manual_seed(1))
    mask = nn.Transformer.generate_square_subsequent_mask(CONTEXT, dtype=torch.float64)
    theirs.train()  # its fast path for inference is another code
    assert largest(ours(x), theirs(x, src_mask=mask)) < 1e-12


@pytest.mark.parametrize(("theirs_name", "ours_name"), [("gelu", "gelu"), ("gelu_new", "gelu_tanh"), ("relu", "relu")])
def test_gpt2_of_transformers(theirs_name, ours_name):
    from transformers import GPT2Config, GPT2LMHeadModel

    layer = {"attention": {"heads": HEADS}, "mlp": {"d_mlp": 4 * WIDTH, "activation": ours_name}}
    model = build(spec(layer, 3), 0)
    randomise(model)
    config = GPT2Config(
        vocab_size=VOCAB, n_positions=CONTEXT, n_embd=WIDTH, n_layer=3, n_head=HEADS, activation_function=theirs_name,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, attn_implementation="eager",
    )  # fmt: skip
    other = GPT2LMHeadModel(config).double().eval()
    weights = {"transformer.wte.weight": model.embed.weight, "transformer.wpe.weight": model.position.weight,
               "transformer.ln_f.weight": model.norm.weight, "transformer.ln_f.bias": model.norm.bias,
               "lm_head.weight": model.embed.weight}  # fmt: skip
    for index, part in enumerate(model.decoder):
        to = f"transformer.h.{index}."
        for name, source in (("attn.c_attn", part.attention.qkv), ("attn.c_proj", part.attention.out),
                             ("mlp.c_fc", part.mlp.up), ("mlp.c_proj", part.mlp.down)):  # fmt: skip
            weights[f"{to}{name}.weight"] = source.weight.T  # Conv1D keeps (in, out)
            weights[f"{to}{name}.bias"] = source.bias
        for name, norm in (("ln_1", part.norm1), ("ln_2", part.norm2)):
            weights[f"{to}{name}.weight"], weights[f"{to}{name}.bias"] = norm.weight, norm.bias
    missing = other.load_state_dict(weights, strict=False)
    assert not missing.unexpected_keys
    assert all("attn.bias" in key or "masked_bias" in key for key in missing.missing_keys)
    assert largest(model(tokens()), other(tokens()).logits) <= 1e-10


@pytest.mark.parametrize("groups", [HEADS, 2, 1])
def test_llama_of_transformers(groups):
    from transformers import LlamaConfig, LlamaForCausalLM

    layer = {
        "norm": {"kind": "rms", "eps": 1e-6},
        "attention": {"heads": HEADS, "kv_heads": groups, "bias": False, "position": {"kind": "rotary", "base": 500.0}},
        "mlp": {"d_mlp": 48, "activation": "silu", "gated": True, "bias": False},
    }
    ends = {
        "embedding": {"position": {"kind": "none"}},
        "unembedding": {"tied": False, "norm": {"kind": "rms", "eps": 1e-6}},
    }
    model = build(spec(layer, 2, **ends), 0)
    randomise(model)
    config = LlamaConfig(
        vocab_size=VOCAB, hidden_size=WIDTH, intermediate_size=48, num_hidden_layers=2, num_attention_heads=HEADS,
        num_key_value_heads=groups, max_position_embeddings=CONTEXT, rms_norm_eps=1e-6, attn_implementation="eager",
        rope_parameters={"rope_type": "default", "rope_theta": 500.0}, tie_word_embeddings=False,
    )  # fmt: skip
    other = LlamaForCausalLM(config).double().eval()
    weights = {"model.embed_tokens.weight": model.embed.weight, "model.norm.weight": model.norm.weight,
               "lm_head.weight": model.unembed.weight}  # fmt: skip
    for index, part in enumerate(model.decoder):
        to = f"model.layers.{index}."
        q, k, v = part.attention.qkv.weight.split(part.attention.widths)
        weights |= {
            f"{to}self_attn.q_proj.weight": q, f"{to}self_attn.k_proj.weight": k, f"{to}self_attn.v_proj.weight": v,
            f"{to}self_attn.o_proj.weight": part.attention.out.weight,
            f"{to}mlp.gate_proj.weight": part.mlp.gate.weight, f"{to}mlp.up_proj.weight": part.mlp.up.weight,
            f"{to}mlp.down_proj.weight": part.mlp.down.weight,
            f"{to}input_layernorm.weight": part.norm1.weight, f"{to}post_attention_layernorm.weight": part.norm2.weight,
        }  # fmt: skip
    other.load_state_dict(weights)
    assert largest(model(tokens()), other(tokens()).logits) <= 1e-6
