"""Encoders and encoder-decoders beside BERT, BART and T5 of transformers and torch's decoder layer, weights copied in."""

import pytest
import torch
from torch import nn

from tests.transformer.oracle import (
    CLOSE,
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

FULL = {"heads": HEADS, "mask": "bidirectional"}


def test_decoder_layer_of_torch():
    layer = {"norm": {"place": "post"}, "attention": {"heads": HEADS}, "cross": {"heads": HEADS},
             "mlp": {"d_mlp": 48, "activation": "relu"}}  # fmt: skip
    model = ours(layer, 1, encoder=[{"attention": FULL}])
    part = model.decoder[0]
    theirs = nn.TransformerDecoderLayer(WIDTH, HEADS, 48, 0.0, "relu", batch_first=True)
    cross = projections(part.cross, "c")
    theirs.load_state_dict({
        "self_attn.in_proj_weight": part.attention.qkv.weight, "self_attn.in_proj_bias": part.attention.qkv.bias,
        **both("self_attn.out_proj", part.attention.out), **both("multihead_attn.out_proj", part.cross.out),
        "multihead_attn.in_proj_weight": torch.cat([cross[f"c.{n}_proj.weight"] for n in "qkv"]),
        "multihead_attn.in_proj_bias": torch.cat([cross[f"c.{n}_proj.bias"] for n in "qkv"]),
        **both("linear1", part.mlp.up), **both("linear2", part.mlp.down),
        **both("norm1", part.norm1), **both("norm2", part.norm_cross), **both("norm3", part.norm2),
    })  # fmt: skip
    from playground.transformer.layer import Memory

    x, z = torch.randn(2, 3, CONTEXT, WIDTH, generator=torch.Generator().manual_seed(1))
    mask = nn.Transformer.generate_square_subsequent_mask(CONTEXT, dtype=torch.float64)
    assert largest(part(x, memory=Memory(z)), theirs(x, z, tgt_mask=mask)) < 1e-12


def test_bert_of_transformers():
    from transformers import BertConfig, BertForMaskedLM

    layer = {"norm": {"place": "post", "eps": 1e-12}, "attention": FULL, "mlp": {"d_mlp": 48, "activation": "gelu"}}
    model = ours(
        layer, 0, encoder=[layer] * 3, embedding={"norm": {"kind": "layer", "eps": 1e-12}},
        unembedding={"hidden": WIDTH, "norm": {"eps": 1e-12}, "bias": True},
    )  # fmt: skip
    config = BertConfig(
        vocab_size=VOCAB, hidden_size=WIDTH, num_hidden_layers=3, num_attention_heads=HEADS, intermediate_size=48,
        max_position_embeddings=CONTEXT, hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        type_vocab_size=1, attn_implementation="eager",
    )  # fmt: skip
    top = "bert.embeddings."
    weights = {
        f"{top}word_embeddings.weight": model.embed.weight, f"{top}position_embeddings.weight": model.position.weight,
        f"{top}token_type_embeddings.weight": torch.zeros(1, WIDTH), **both(f"{top}LayerNorm", model.embed_norm),
        **both("cls.predictions.transform.dense", model.hidden), **both("cls.predictions.transform.LayerNorm", model.norm),
        "cls.predictions.bias": model.unembed.bias, "cls.predictions.decoder.weight": model.embed.weight,
        "cls.predictions.decoder.bias": model.unembed.bias,
    }  # fmt: skip
    for index, part in enumerate(model.encoder):
        to = f"bert.encoder.layer.{index}."
        weights |= projections(part.attention, f"{to}attention.self", ("query", "key", "value", "gone"))
        weights |= {f"{to}attention.output.dense.{k}": weights.pop(f"{to}attention.self.gone.{k}") for k in ("weight", "bias")}
        weights |= both(f"{to}attention.output.LayerNorm", part.norm1) | both(f"{to}intermediate.dense", part.mlp.up)
        weights |= both(f"{to}output.dense", part.mlp.down) | both(f"{to}output.LayerNorm", part.norm2)
    other = fill(BertForMaskedLM(config), weights)
    assert largest(model(tokens()), other(tokens()).logits) <= CLOSE
    lengths = torch.tensor([CONTEXT, 5, 1])
    seen = torch.arange(CONTEXT) < lengths[:, None]
    mine, theirs = model(tokens(), lengths=lengths), other(tokens(), attention_mask=seen.long()).logits
    assert largest(mine[seen], theirs[seen]) <= CLOSE


def test_bart_of_transformers():
    from transformers import BartConfig, BartForConditionalGeneration

    mlp = {"d_mlp": 48, "activation": "relu"}
    post = {"norm": {"place": "post"}, "mlp": mlp}
    model = ours(
        post | {"attention": {"heads": HEADS}, "cross": {"heads": HEADS}}, 2, encoder=[post | {"attention": FULL}] * 2,
        embedding={"norm": {"kind": "layer"}}, unembedding={"norm": {"kind": "none"}},
    )  # fmt: skip
    config = BartConfig(
        vocab_size=VOCAB, d_model=WIDTH, encoder_layers=2, decoder_layers=2, encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS, encoder_ffn_dim=48, decoder_ffn_dim=48, max_position_embeddings=CONTEXT,
        activation_function="relu", dropout=0.0, scale_embedding=False, pad_token_id=1, attn_implementation="eager",
    )  # fmt: skip
    shifted = torch.cat((torch.zeros(2, WIDTH), model.position.weight))  # its table has two rows in front
    weights = {"model.shared.weight": model.embed.weight, "lm_head.weight": model.embed.weight,
               "final_logits_bias": torch.zeros(1, VOCAB)}  # fmt: skip
    for side, stack in (("encoder", model.encoder), ("decoder", model.decoder)):
        top = f"model.{side}."
        weights |= {f"{top}embed_tokens.weight": model.embed.weight, f"{top}embed_positions.weight": shifted}
        weights |= both(f"{top}layernorm_embedding", model.embed_norm)
        names = ("q_proj", "k_proj", "v_proj", "out_proj")
        for index, part in enumerate(stack):
            to = f"{top}layers.{index}."
            weights |= projections(part.attention, f"{to}self_attn", names) | both(f"{to}self_attn_layer_norm", part.norm1)
            weights |= both(f"{to}fc1", part.mlp.up) | both(f"{to}fc2", part.mlp.down)
            weights |= both(f"{to}final_layer_norm", part.norm2)
            if part.cross is not None:
                weights |= projections(part.cross, f"{to}encoder_attn", names)
                weights |= both(f"{to}encoder_attn_layer_norm", part.norm_cross)
    other = fill(BartForConditionalGeneration(config), weights)
    source, target, lengths = tokens(6, 9), tokens(7), torch.tensor([9, 4, 1])
    seen = (torch.arange(9) < lengths[:, None]).long()
    theirs = other(source, attention_mask=seen, decoder_input_ids=target).logits
    assert largest(model(target, context=source, context_lengths=lengths), theirs) <= CLOSE


@pytest.mark.parametrize("version", ["T5", "T5 v1.1"])
def test_t5_of_transformers(version):
    from transformers import T5Config, T5ForConditionalGeneration

    first = version == "T5"
    gated = {"activation": "relu", "gated": False} if first else {"activation": "gelu_tanh", "gated": True}
    common = {"norm": RMS, "mlp": {"d_mlp": 48, "bias": False, **gated}}
    plain = {"heads": HEADS, "bias": False, "scaled": False}
    distances = {"position": {"kind": "t5", "buckets": 8, "max_distance": 16}}
    model = ours(
        common | {"attention": plain | distances, "cross": plain}, 2,
        encoder=[common | {"attention": plain | distances | {"mask": "bidirectional"}}] * 2, encoder_norm=RMS,
        embedding=PLAIN, unembedding={"norm": RMS, "tied": first, "scale": "root" if first else "one"},
    )  # fmt: skip
    for stack in (model.encoder, model.decoder):  # T5's layers share the distances of the first
        for part in stack:
            part.attention.distance.weight = stack[0].attention.distance.weight
    config = T5Config(
        vocab_size=VOCAB, d_model=WIDTH, d_kv=WIDTH // HEADS, d_ff=48, num_layers=2, num_heads=HEADS, dropout_rate=0.0,
        relative_attention_num_buckets=8, relative_attention_max_distance=16,
        feed_forward_proj="relu" if first else "gated-gelu", layer_norm_epsilon=1e-6, attn_implementation="eager",
    )  # fmt: skip
    config.tie_word_embeddings = config.scale_decoder_outputs = first  # its constructor settles both by itself
    weights = {"shared.weight": model.embed.weight, "lm_head.weight": model.unembed.weight}
    for side, stack, norm in (("encoder", model.encoder, model.encoder_norm), ("decoder", model.decoder, model.norm)):
        weights |= {f"{side}.embed_tokens.weight": model.embed.weight, f"{side}.final_layer_norm.weight": norm.weight}
        bias = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        weights[bias] = stack[0].attention.distance.weight
        for index, part in enumerate(stack):
            to, last = f"{side}.block.{index}.layer.", 1 if side == "encoder" else 2
            weights |= projections(part.attention, f"{to}0.SelfAttention", ("q", "k", "v", "o"))
            weights |= both(f"{to}0.layer_norm", part.norm1) | both(f"{to}{last}.layer_norm", part.norm2)
            if part.cross is not None:
                weights |= projections(part.cross, f"{to}1.EncDecAttention", ("q", "k", "v", "o"))
                weights |= both(f"{to}1.layer_norm", part.norm_cross)
            dense = f"{to}{last}.DenseReluDense."
            if first:
                weights |= both(f"{dense}wi", part.mlp.up)
            else:
                weights |= both(f"{dense}wi_0", part.mlp.gate) | both(f"{dense}wi_1", part.mlp.up)
            weights |= both(f"{dense}wo", part.mlp.down)
    other = fill(T5ForConditionalGeneration(config), weights)
    source, target = tokens(6, 10), tokens(7)
    assert largest(model(target, context=source), other(source, decoder_input_ids=target).logits) <= UPCAST
