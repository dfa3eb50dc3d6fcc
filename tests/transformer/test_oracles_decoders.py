"""Decoders beside GPT-J, GPT-NeoX, BLOOM, Qwen 3, OLMo 2, Gemma 2, Mistral and Mixtral of transformers, weights copied in."""

import pytest
import torch

from playground.transformer.taps import Taps
from tests.transformer.oracle import (
    CONTEXT,
    HEADS,
    PLAIN,
    RMS,
    UPCAST,
    VOCAB,
    WIDTH,
    both,
    double,  # noqa: F401
    fill,
    largest,
    ours,
    projections,
    tokens,
)

SIZES = {"vocab_size": VOCAB, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, "attn_implementation": "eager"}
MODERN = SIZES | {
    "hidden_size": WIDTH, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": HEADS,
    "num_key_value_heads": 2, "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-6, "tie_word_embeddings": False,
    "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
}  # fmt: skip
ROTARY = {"kind": "rotary", "base": 500.0}
SWIGLU = {"d_mlp": 48, "activation": "silu", "gated": True, "bias": False}
FREE = {"embedding": PLAIN, "unembedding": {"tied": False, "norm": RMS}}


def without_mlps(model, norms) -> dict[str, torch.Tensor]:
    """The names that Llama's descendants share beside their MLPs; `norms` says theirs by ours."""
    weights = {"model.embed_tokens.weight": model.embed.weight, "model.norm.weight": model.norm.weight,
               "lm_head.weight": model.unembed.weight}  # fmt: skip
    for index, part in enumerate(model.decoder):
        to = f"model.layers.{index}."
        weights |= projections(part.attention, f"{to}self_attn")
        for mine, theirs in norms.items():
            weights |= both(f"{to}{theirs}", getattr(part, mine))
        if part.attention.q_norm is not None:
            weights |= both(f"{to}self_attn.q_norm", part.attention.q_norm)
            weights |= both(f"{to}self_attn.k_norm", part.attention.k_norm)
    return weights


def modern(model, norms) -> dict[str, torch.Tensor]:
    """The names that Llama's descendants share; `norms` says theirs by ours."""
    weights = without_mlps(model, norms)
    for index, part in enumerate(model.decoder):
        to = f"model.layers.{index}.mlp."
        weights |= (
            both(f"{to}gate_proj", part.mlp.gate) | both(f"{to}up_proj", part.mlp.up) | both(f"{to}down_proj", part.mlp.down)
        )
    return weights


PRE = {"norm1": "input_layernorm", "norm2": "post_attention_layernorm"}


def test_gptj_of_transformers():
    from transformers import GPTJConfig, GPTJForCausalLM

    rotary = {"kind": "rotary", "fraction": 0.5, "pairing": "neighbours"}
    layer = {"order": "parallel_shared", "attention": {"heads": HEADS, "bias": False, "position": rotary},
             "mlp": {"d_mlp": 48, "activation": "gelu_tanh"}}  # fmt: skip
    model = ours(layer, embedding=PLAIN, unembedding={"tied": False, "bias": True})
    config = GPTJConfig(
        n_positions=CONTEXT, n_embd=WIDTH, n_layer=2, n_head=HEADS, rotary_dim=4, n_inner=48, activation_function="gelu_new",
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, tie_word_embeddings=False, **SIZES,
    )  # fmt: skip
    weights = {"transformer.wte.weight": model.embed.weight, **both("transformer.ln_f", model.norm),
               **both("lm_head", model.unembed)}  # fmt: skip
    for index, part in enumerate(model.decoder):
        to = f"transformer.h.{index}."
        weights |= projections(part.attention, f"{to}attn", ("q_proj", "k_proj", "v_proj", "out_proj"))
        weights |= both(f"{to}ln_1", part.norm1) | both(f"{to}mlp.fc_in", part.mlp.up) | both(f"{to}mlp.fc_out", part.mlp.down)
    other = fill(GPTJForCausalLM(config), weights, ("masked_bias", "embed_positions", "attn.bias"))
    assert largest(model(tokens()), other(tokens()).logits) <= UPCAST


@pytest.mark.parametrize("parallel", [True, False])
def test_gpt_neox_of_transformers(parallel):
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    rotary = {"kind": "rotary", "fraction": 0.25}
    layer = {"order": "parallel" if parallel else "serial", "attention": {"heads": HEADS, "position": rotary},
             "mlp": {"d_mlp": 48, "activation": "gelu"}}  # fmt: skip
    model = ours(layer, embedding=PLAIN, unembedding={"tied": False})
    config = GPTNeoXConfig(
        hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=HEADS, intermediate_size=48, hidden_act="gelu",
        max_position_embeddings=CONTEXT, use_parallel_residual=parallel, tie_word_embeddings=False, hidden_dropout=0.0,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.25},
        attention_dropout=0.0, layer_norm_eps=1e-5, **SIZES,
    )  # fmt: skip
    weights = {"gpt_neox.embed_in.weight": model.embed.weight, **both("gpt_neox.final_layer_norm", model.norm),
               "lm_head.weight": model.unembed.weight}  # fmt: skip
    size = WIDTH // HEADS
    for index, part in enumerate(model.decoder):
        to = f"gpt_neox.layers.{index}."
        for kind in ("weight", "bias"):  # theirs holds q, k, v of a head together
            rows = getattr(part.attention.qkv, kind)
            weights[f"{to}attention.query_key_value.{kind}"] = (
                rows.view(3, HEADS, size, *rows.shape[1:]).transpose(0, 1).flatten(0, 2)
            )
        weights |= both(f"{to}attention.dense", part.attention.out)
        weights |= both(f"{to}input_layernorm", part.norm1) | both(f"{to}post_attention_layernorm", part.norm2)
        weights |= both(f"{to}mlp.dense_h_to_4h", part.mlp.up) | both(f"{to}mlp.dense_4h_to_h", part.mlp.down)
    other = fill(GPTNeoXForCausalLM(config), weights, ("rotary_emb", "attention.bias", "masked_bias"))
    assert largest(model(tokens()), other(tokens()).logits) <= UPCAST


@pytest.mark.parametrize("heads", [4, 8])
def test_bloom_of_transformers(heads):
    from transformers import BloomConfig, BloomForCausalLM

    layer = {"attention": {"heads": heads, "position": {"kind": "alibi"}},
             "mlp": {"d_mlp": 4 * WIDTH, "activation": "gelu_tanh"}}  # fmt: skip
    model = ours(layer, embedding=PLAIN | {"norm": {"kind": "layer"}})
    config = BloomConfig(
        hidden_size=WIDTH, n_layer=2, n_head=heads, hidden_dropout=0.0, attention_dropout=0.0, layer_norm_epsilon=1e-5, **SIZES
    )
    weights = {"transformer.word_embeddings.weight": model.embed.weight, "lm_head.weight": model.embed.weight,
               **both("transformer.word_embeddings_layernorm", model.embed_norm), **both("transformer.ln_f", model.norm)}  # fmt: skip
    for index, part in enumerate(model.decoder):
        to = f"transformer.h.{index}."
        for kind in ("weight", "bias"):
            rows = getattr(part.attention.qkv, kind)
            weights[f"{to}self_attention.query_key_value.{kind}"] = (
                rows.view(3, heads, WIDTH // heads, *rows.shape[1:]).transpose(0, 1).flatten(0, 2)
            )
        weights |= both(f"{to}self_attention.dense", part.attention.out)
        weights |= both(f"{to}input_layernorm", part.norm1) | both(f"{to}post_attention_layernorm", part.norm2)
        weights |= both(f"{to}mlp.dense_h_to_4h", part.mlp.up) | both(f"{to}mlp.dense_4h_to_h", part.mlp.down)
    other = fill(BloomForCausalLM(config), weights)
    assert largest(model(tokens()), other(tokens()).logits) <= UPCAST


def test_qwen3_of_transformers():
    from transformers import Qwen3Config, Qwen3ForCausalLM

    attention = {"heads": HEADS, "kv_heads": 2, "bias": False, "position": ROTARY, "qk_norm": "head", "d_head": 12}
    model = ours({"norm": RMS, "attention": attention, "mlp": SWIGLU}, **FREE)
    other = fill(Qwen3ForCausalLM(Qwen3Config(head_dim=12, **MODERN)), modern(model, PRE), ("rotary_emb",))
    assert largest(model(tokens()), other(tokens()).logits) <= UPCAST


def test_olmo2_of_transformers():
    from transformers import Olmo2Config, Olmo2ForCausalLM

    attention = {"heads": HEADS, "kv_heads": 2, "bias": False, "position": ROTARY, "qk_norm": "full"}
    model = ours({"norm": RMS | {"place": "output"}, "attention": attention, "mlp": SWIGLU}, **FREE)
    names = {"norm1": "post_attention_layernorm", "norm2": "post_feedforward_layernorm"}
    other = fill(Olmo2ForCausalLM(Olmo2Config(**MODERN)), modern(model, names), ("rotary_emb",))
    assert largest(model(tokens()), other(tokens()).logits) <= UPCAST


def test_gemma2_of_transformers():
    from transformers import Gemma2Config, Gemma2ForCausalLM

    attention = {"heads": HEADS, "kv_heads": 2, "bias": False, "position": ROTARY, "soft_cap": 3.0, "d_head": 8}
    gelu = SWIGLU | {"activation": "gelu_tanh"}
    wide, narrow = attention, attention | {"window": 4}
    layers = [{"norm": RMS | {"place": "sandwich"}, "attention": a, "mlp": gelu} for a in (narrow, wide)]
    model = ours({}, decoder=layers, embedding=PLAIN | {"scale": "root"}, unembedding={"norm": RMS, "soft_cap": 2.0})
    config = Gemma2Config(**MODERN | {
        "head_dim": 8, "query_pre_attn_scalar": 8, "attn_logit_softcapping": 3.0, "final_logit_softcapping": 2.0,
        "sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"], "hidden_activation": "gelu_pytorch_tanh",
        "tie_word_embeddings": True,
    })  # fmt: skip
    names = {"norm1": "input_layernorm", "norm1_out": "post_attention_layernorm", "norm2": "pre_feedforward_layernorm",
             "norm2_out": "post_feedforward_layernorm"}  # fmt: skip
    weights = modern(model, names)
    weights |= {key: value - 1 for key, value in weights.items() if "norm" in key}  # theirs is 1 + w
    other = fill(Gemma2ForCausalLM(config), weights, ("rotary_emb",))
    assert largest(model(tokens()), other(tokens()).logits) <= UPCAST


@pytest.mark.parametrize("window", [1, 4, CONTEXT])
def test_mistral_of_transformers(window):
    from transformers import MistralConfig, MistralForCausalLM

    attention = {"heads": HEADS, "kv_heads": 2, "bias": False, "position": ROTARY, "window": window}
    model = ours({"norm": RMS, "attention": attention, "mlp": SWIGLU}, **FREE)
    other = fill(MistralForCausalLM(MistralConfig(sliding_window=window, **MODERN)), modern(model, PRE), ("rotary_emb",))
    taps = Taps(["decoder.0.pattern"])
    assert largest(model(tokens(), taps=taps), other(tokens()).logits) <= UPCAST
    seen = torch.arange(CONTEXT)[:, None] - torch.arange(CONTEXT)
    assert torch.equal(taps.values["decoder.0.pattern"][0, 0] > 0, (seen >= 0) & (seen < window))


@pytest.mark.parametrize("top_k", [1, 2, 5])
def test_mixtral_of_transformers(top_k):
    from transformers import MixtralConfig, MixtralForCausalLM

    attention = {"heads": HEADS, "kv_heads": 2, "bias": False, "position": ROTARY}
    model = ours({"norm": RMS, "attention": attention, "mlp": SWIGLU | {"experts": 5, "top_k": top_k}}, **FREE)
    config = MixtralConfig(num_local_experts=5, num_experts_per_tok=top_k, experts_implementation="eager", **MODERN)
    weights = {}
    for index, part in enumerate(model.decoder):
        mixture, to = part.mlp, f"model.layers.{index}.mlp."
        pairs = [torch.cat((expert.gate.weight, expert.up.weight)) for expert in mixture.experts]
        weights |= {f"{to}gate.weight": mixture.router.weight, f"{to}experts.gate_up_proj": torch.stack(pairs)}
        weights[f"{to}experts.down_proj"] = torch.stack([expert.down.weight for expert in mixture.experts])
    weights |= without_mlps(model, PRE)
    other = fill(MixtralForCausalLM(config), weights, ("rotary_emb",))
    assert largest(model(tokens()), other(tokens()).logits) <= UPCAST
