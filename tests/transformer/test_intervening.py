"""Interventions against the same thing done by hand: zeroed outputs, hand-made patches, masks with one edge less."""

import pytest
import torch

from playground.spec.intervention import Intervention, carried, possible
from playground.spec.layers import Origin
from playground.spec.model import Attention, CrossAttention, Layer, Mlp, ModelSpec
from playground.transformer.intervening import edited, edits_of
from playground.transformer.model import build
from playground.transformer.taps import Taps

WIDTH, HEADS, SIZE = 16, 4, 4


def spec(both=False, **changes):
    layer = Layer(attention=Attention(heads=HEADS, kv_heads=2), mlp=Mlp(d_mlp=24))
    crossing = layer.model_copy(update={"cross": CrossAttention(heads=HEADS)})
    reading = Layer(attention=Attention(heads=HEADS, mask="bidirectional"), mlp=Mlp(d_mlp=24))
    stacks = {"encoder": (reading,), "decoder": (crossing, crossing)} if both else {"decoder": (layer, layer, layer)}
    return ModelSpec(vocab=20, d_model=WIDTH, n_ctx=12, **stacks, **changes)


@pytest.fixture
def model():
    return build(spec(), seed=1).double().eval()


@pytest.fixture
def tokens():
    return torch.randint(0, 20, (3, 9), generator=torch.Generator().manual_seed(0))


def with_(model, *wanted, read=None):
    return edited(model, edits_of(model, wanted, read))


def test_silencing_a_head_equals_zeroing_its_columns_of_the_output_matrix(model, tokens):
    with with_(model, Intervention("model.decoder[1].attention", head=2)):
        found = model(tokens)
    plain = model(tokens)
    out = model.decoder[1].attention.out.weight
    with torch.no_grad():
        out[:, 2 * SIZE : 3 * SIZE] = 0
    assert torch.equal(found, model(tokens))
    assert not torch.equal(found, plain)


@pytest.mark.parametrize(("kind", "factor", "scales"), [("keep", 0.0, (0, 1, 0, 0)), ("scale", 2.5, (1, 2.5, 1, 1))])
def test_a_head_alone_and_a_head_scaled(model, tokens, kind, factor, scales):
    with with_(model, Intervention("model.decoder[0].attention", kind, head=1, factor=factor)):
        found = model(tokens)
    with torch.no_grad():
        model.decoder[0].attention.out.weight *= torch.tensor(scales).double().repeat_interleave(SIZE)
    assert torch.allclose(found, model(tokens), atol=1e-12)


@pytest.mark.parametrize("part", ["mlp", "attention", ""])
def test_silencing_a_part_equals_taking_it_out(tokens, part):
    whole = build(spec(), seed=1).double().eval()
    layers = list(whole.spec.decoder)
    if part:
        layers[1] = layers[1].model_copy(update={part: None})
    else:
        del layers[1]
    less = build(whole.spec.model_copy(update={"decoder": tuple(layers)}), seed=2).double().eval()
    names = dict(less.named_parameters())
    with torch.no_grad():
        for name, parameter in whole.named_parameters():
            if not part and name.startswith("decoder."):
                _, index, rest = name.split(".", 2)
                if index == "1":
                    continue
                name = f"decoder.{int(index) - (int(index) > 1)}.{rest}"
            if name in names:
                names[name].copy_(parameter)
    path = f"model.decoder[1].{part}" if part else "model.decoder[1]"
    with with_(whole, Intervention(path)):
        assert torch.allclose(whole(tokens), less(tokens), atol=1e-12)


def test_a_forbidden_edge_equals_a_mask_without_it(model, tokens):
    with with_(model, Intervention("model.decoder[0].attention", "forbid", head=1, query=5, key=2)):
        taps = Taps(["decoder.0.pattern", "decoder.0.scores"])
        model(tokens, taps=taps)
    plain = Taps(["decoder.0.scores"])
    model(tokens, taps=plain)
    scores = plain.values["decoder.0.scores"].clone()
    scores[:, 1, 5, 2] = -torch.inf
    assert torch.equal(taps.values["decoder.0.pattern"], scores.softmax(-1))
    assert (taps.values["decoder.0.pattern"][:, 1, 5, 2] == 0).all()
    with with_(model, Intervention("model.decoder[0].attention", "forbid", query=0, key=0)):  # its only key
        assert model(tokens).isfinite().all()


def test_a_patch_equals_the_hand_made_one(model, tokens):
    other = torch.randint(0, 20, (1, 5), generator=torch.Generator().manual_seed(7))

    def read(prompt, taps):
        assert prompt == "another"
        return model(other, taps=taps)

    taps = Taps(["decoder.1.mlp_out", "decoder.1.z"])
    model(other, taps=taps)
    seen = taps.values["decoder.1.mlp_out"]

    def by_hand(value):
        value = value.clone()
        value[:, :5] = seen
        return value

    hand = Taps(edits={"decoder.1.mlp_out": by_hand})
    with with_(model, Intervention("model.decoder[1].mlp", "patch", prompt="another"), read=read):
        assert torch.equal(model(tokens), model(tokens, taps=Taps()))  # watched or not
        found = model(tokens)
    assert torch.equal(found, model(tokens, taps=hand))

    head = taps.values["decoder.1.z"][:, 3]

    def head_by_hand(z):
        z = z.clone()
        z[:, 3, :5] = head
        return z

    with with_(model, Intervention("model.decoder[1].attention", "patch", head=3, prompt="another"), read=read):
        found = model(tokens)
    assert torch.equal(found, model(tokens, taps=Taps(edits={"decoder.1.z": head_by_hand})))


def test_several_add_up_and_leave_no_trace(model, tokens):
    plain = model(tokens)
    with with_(model, Intervention("model.decoder[0].mlp", factor=0.5), Intervention("model.decoder[0].mlp", factor=0.5)):
        twice = model(tokens)
    with with_(model, Intervention("model.decoder[0].mlp", factor=0.25)):
        assert torch.equal(twice, model(tokens))
    assert torch.equal(plain, model(tokens))


def test_cross_attention_and_the_encoder_can_be_intervened_on():
    model = build(spec(both=True), seed=1).double().eval()
    context, begun = torch.arange(6)[None], torch.arange(4)[None]
    plain = model(begun, context=context)
    for path in ("model.decoder[1].cross", "model.encoder[0].attention", "model.encoder[0]"):
        with with_(model, Intervention(path)):
            assert not torch.equal(plain, model(begun, context=context))


def test_training_goes_round_what_is_silenced(model, tokens):
    with with_(model, Intervention("model.decoder[1].mlp")):
        model(tokens).sum().backward()
    assert (model.decoder[1].mlp.down.weight.grad == 0).all()
    assert (model.decoder[0].mlp.down.weight.grad != 0).any()


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        (Intervention("model.decoder[2].mlp"), True),
        (Intervention("model.decoder[3].mlp"), False),
        (Intervention("model.encoder[0]"), False),
        (Intervention("model.decoder[0].cross"), False),
        (Intervention("model.decoder[0].attention", head=3), True),
        (Intervention("model.decoder[0].attention", head=4), False),
        (Intervention("model.decoder[0].mlp", head=0), False),
        (Intervention("model.embedding"), False),
    ],
)
def test_what_a_model_has_no_part_for_is_not_possible(wanted, there):
    assert possible(spec(), wanted) is there


def test_interventions_go_where_their_layers_go():
    wanted = (
        Intervention("model.decoder[0].mlp"),
        Intervention("model.decoder[2].attention", head=1),
        Intervention("model.decoder[1]"),
    )
    origins = {"decoder": (Origin("decoder.2"), None, Origin("decoder.0"), Origin("decoder.0", copy=True))}
    moved = carried(wanted, origins)
    assert [each.path for each in moved] == ["model.decoder[2].mlp", "model.decoder[0].attention"]
    assert carried(wanted, None) == wanted


def test_they_are_said_in_words():
    assert Intervention("model.decoder[1].attention", head=2).sentence == "Layer 2 · head 3 silenced"
    assert Intervention("model.decoder[1].mlp", factor=0.5).sentence == "Layer 2 · MLP × 0.5"
    assert Intervention("model.encoder[0].attention", "keep", head=0).sentence == "Encoder layer 1 · head 1 alone"
    assert "may not look at 3" in Intervention("model.decoder[0].attention", "forbid", query=4, key=2).sentence
    assert Intervention("model.decoder[0]", "patch", prompt="x" * 40).sentence.endswith("…”")
