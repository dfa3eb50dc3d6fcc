"""Random models over the whole option space, as plain data that the spec accepts."""

from hypothesis import strategies as st

from playground.spec.model import Attention, Embedding, Mlp, Norm, Position

DROPOUTS = st.sampled_from([0.0, 0.0, 0.0, 0.3])


def some(record, name):
    """Any choice of a field that is one of several words."""
    return st.sampled_from(record.model_fields[name].annotation.__args__)


@st.composite
def norms(draw, kinds=("layer", "rms", "none")):
    return {
        "kind": draw(st.sampled_from(kinds)),
        "learned": draw(st.booleans()),
        "bias": draw(st.booleans()),
        "eps": draw(st.sampled_from([1e-5, 1e-3])),
    }


@st.composite
def heads(draw, width):
    count = draw(st.sampled_from([1, 2, 4]))
    return {
        "heads": count,
        "kv_heads": draw(st.sampled_from([None, 1, count])),
        "d_head": draw(st.sampled_from([None, None, 2, 6])) if width % (2 * count) == 0 else draw(st.sampled_from([2, 6])),
        "qk_norm": draw(some(Attention, "qk_norm")),
        "scaled": draw(st.booleans()),
        "soft_cap": draw(st.sampled_from([0.0, 0.0, 5.0])),
        "sink": draw(st.booleans()),
        "gate": draw(st.booleans()),
        "bias": draw(st.booleans()),
        "pattern_dropout": draw(DROPOUTS),
        "dropout": draw(DROPOUTS),
    }


@st.composite
def attentions(draw, width, masks=("causal", "bidirectional", "prefix")):
    kind = draw(st.sampled_from(["none", "rotary", "alibi", "t5"]))
    position = {"kind": kind}
    if kind == "rotary":
        position |= {
            "base": draw(st.sampled_from([100.0, 10000.0])),
            "fraction": draw(st.sampled_from([1.0, 1.0, 0.99])),
            "pairing": draw(st.sampled_from(["halves", "neighbours"])),
        }
    if kind == "t5":
        position |= {"buckets": draw(st.sampled_from([4, 8])), "max_distance": draw(st.sampled_from([8, 16]))}
    made = draw(heads(width)) | {
        "mask": draw(st.sampled_from(masks)),
        "window": draw(st.sampled_from([None, None, 1, 3])),
        "position": position,
        "qk_norm_place": draw(some(Attention, "qk_norm_place")),
    }
    size = made["d_head"] or width // made["heads"]
    if kind == "rotary" and int(size * position["fraction"]) < 2:
        position["fraction"] = 1.0
    return made


@st.composite
def mlps(draw):
    experts = draw(st.sampled_from([1, 1, 1, 3]))
    return {
        "d_mlp": draw(st.integers(1, 33)),
        "activation": draw(some(Mlp, "activation")),
        "gated": draw(st.booleans()),
        "bias": draw(st.booleans()),
        "experts": experts,
        "top_k": draw(st.integers(1, experts)),
        "balance": draw(st.sampled_from([0.0, 0.01])),
        "dropout": draw(DROPOUTS),
    }


@st.composite
def layers(draw, width, stack, encoder):
    masks = ("causal", "bidirectional") if stack == "encoder" else ("causal", "bidirectional", "prefix")
    order = draw(st.sampled_from(["serial", "serial", "parallel", "parallel_shared"]))
    place = draw(st.sampled_from(["pre", "post", "sandwich", "output"])) if order == "serial" else "pre"
    attention = draw(st.none() | attentions(width, masks))
    mlp = draw(mlps()) if attention is None or draw(st.booleans()) else None
    cross = draw(st.none() | heads(width)) if stack == "decoder" and encoder else None
    return {
        "norm": draw(norms()) | {"place": place},
        "attention": attention,
        "cross": cross,
        "mlp": mlp,
        "order": order,
        "branch_scale": draw(st.sampled_from([1.0, 0.5])),
    }


@st.composite
def models(draw, stacks=("decoder", "encoder", "both")):
    """Plain data of models that can be built: any architecture, every layer on its own."""
    width = draw(st.sampled_from([4, 8, 16]))
    which = draw(st.sampled_from(stacks))
    encoder = draw(st.lists(layers(width, "encoder", True), min_size=1, max_size=2)) if which != "decoder" else []
    decoder = draw(st.lists(layers(width, "decoder", bool(encoder)), min_size=1, max_size=3)) if which != "encoder" else []
    tied = draw(st.booleans())
    if encoder and decoder and not any(layer["cross"] for layer in decoder):
        decoder[-1]["cross"] = draw(heads(width))
    return {
        "d_model": width,
        "n_ctx": draw(st.integers(1, 24)),
        "vocab": draw(st.integers(2, 40)),
        "embedding": {
            "position": {"kind": draw(some(Position, "kind"))},
            "scale": draw(some(Embedding, "scale")),
            "norm": draw(norms()),
            "dropout": draw(DROPOUTS),
        },
        "encoder": encoder,
        "encoder_norm": draw(norms()),
        "decoder": decoder,
        "unembedding": {
            "hidden": draw(st.sampled_from([None, width] if tied else [None, width, 6])),
            "tied": tied,
            "norm": draw(norms(Norm.model_fields["kind"].annotation.__args__)),
            "scale": draw(st.sampled_from(["one", "root"])),
            "bias": draw(st.booleans()),
            "soft_cap": draw(st.sampled_from([0.0, 20.0])),
        },
        "init": {
            "depth_scaled": draw(st.booleans()),
            "zero_out": draw(st.booleans()),
            "zero_head": draw(st.booleans()),
            "fan_in": draw(st.booleans()),
            "embedding_factor": draw(st.sampled_from([1.0, 5.0])),
            "tokens": draw(st.sampled_from([0.0, 0.5])),
        },
    }
