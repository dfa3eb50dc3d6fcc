"""A multi-domain model: patches stand where they should, segments keep apart, and everything it learns moves."""

import pytest
import torch

from playground.spec import cost, edit
from playground.spec.check import SpecError, parse
from playground.spec.grafting.report import foresee
from playground.spec.model import ModelSpec
from playground.transformer.graft import graft
from playground.transformer.modal import PatchEncoder, waves
from playground.transformer.model import build

ABOUT = {"bins": 16, "discrete": 4, "places": 6, "patch": 4, "channels": 8, "groups": 2, "intervals": 8}
SPEC = ModelSpec.model_validate({
    "d_model": 16, "n_ctx": 12, "vocab": 40, "embedding": {"position": {"kind": "none"}, "modalities": ABOUT},
    "decoder": [{"attention": {"position": {"kind": kind}}} for kind in ("alibi", "rotary")], "unembedding": {"tied": False},
})  # fmt: skip


@pytest.fixture
def model():
    return build(SPEC, 0).eval()


def told(n=3, seed=0):
    """Two rows of 8 tokens with a patch in one and two in the other."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(40, (2, 8), generator=generator), {
        "local": torch.randint(8, (2, 8), generator=generator),
        "patches": torch.randn(n, 1, 4, 4, generator=generator),
        "patch_at": torch.tensor([[0, 1], [1, 0], [1, 5]])[:n],
        "patch_places": torch.randint(8, (n, 2), generator=generator),
    }


def test_a_patch_stands_in_place_of_its_token_and_is_seen_from_there_on_only(model):
    tokens, senses = told()
    with torch.no_grad():
        base = model(tokens, **senses)
        under = tokens.clone()
        under[0, 1] = (tokens[0, 1] + 7) % 40  # what stands under a patch means nothing
        assert torch.allclose(model(under, **senses), base, atol=1e-6)
        other = senses | {"patches": senses["patches"] * torch.tensor([1.0, 1.0, -1.0])[:, None, None, None]}
        changed = (model(tokens, **other) - base).abs().amax(dim=-1) > 1e-6
    assert changed.tolist() == [[False] * 8, [False] * 5 + [True] * 3]


def test_rows_and_columns_of_patches_and_places_of_tokens_matter(model):
    tokens, senses = told()
    with torch.no_grad():
        base = model(tokens, **senses)
        for axis in (0, 1):
            moved = senses["patch_places"].clone()
            moved[0, axis] = (moved[0, axis] + 1) % 8
            assert not torch.allclose(model(tokens, **senses | {"patch_places": moved})[0], base[0], atol=1e-6)
        local = senses["local"].clone()
        local[0, 3] = (local[0, 3] + 1) % 8
        changed = (model(tokens, **senses | {"local": local}) - base).abs().amax(dim=-1) > 1e-6
    assert changed[0].tolist() == [False] * 3 + [True] * 5
    assert not changed[1].any()
    nowhere = torch.zeros_like(tokens)
    plain = {name: value for name, value in senses.items() if name != "local"}
    assert torch.allclose(model(tokens, **plain), model(tokens, **plain, local=nowhere))  # place 0 adds nothing


def test_segments_are_as_if_each_were_alone(model):
    tokens, senses = told()
    segments = torch.tensor([[0] * 3 + [1] * 5, [4] * 6 + [2] * 2])
    with torch.no_grad():
        both = model(tokens, local=senses["local"], segments=segments)
        for row, first in ((0, 3), (1, 6)):
            # ALiBi and rotary see distances only, so a segment does not know where it stands
            alone = model(tokens[row : row + 1, first:], local=senses["local"][row : row + 1, first:])
            assert torch.allclose(both[row, first:], alone[0], atol=1e-5)
            before = model(tokens[row : row + 1, :first], local=senses["local"][row : row + 1, :first])
            assert torch.allclose(both[row, :first], before[0], atol=1e-5)


def test_everything_learns_and_the_parameters_are_those_counted():
    model = build(SPEC, 1)
    tokens, senses = told()
    loss = torch.nn.functional.cross_entropy(model(tokens, **senses).flatten(0, 1), tokens.flatten())
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    assert model.local.weight.grad[0].abs().sum() == 0
    assert sum(p.numel() for p in model.parameters()) == cost.parameters(SPEC)


def test_bins_start_as_waves_so_that_neighbours_are_alike():
    torch.manual_seed(0)
    found = waves(256, 128)
    assert found.pow(2).mean().item() == pytest.approx(1.0, abs=0.15)
    alike = torch.nn.functional.cosine_similarity(found[100], found)
    assert alike[101] > alike[110] > alike[140] - 0.2
    assert alike[101] > 0.6
    own = build(SPEC, 0).embed.weight[40 - 2 - 16 : 38]
    plain = build(SPEC.model_copy(update={"embedding": SPEC.embedding.model_copy(update={
        "modalities": SPEC.embedding.modalities.model_copy(update={"fourier": False})})}), 0).embed.weight[22:38]  # fmt: skip
    near = torch.nn.functional.cosine_similarity
    assert near(own[:-1], own[1:]).mean() > near(plain[:-1], plain[1:]).mean() + 0.3


def test_the_block_is_a_residual_one():
    block = PatchEncoder(SPEC.embedding.modalities, 16)
    torch.nn.init.zeros_(block.conv2.weight)
    torch.nn.init.zeros_(block.conv2.bias)
    patches, places = torch.randn(5, 1, 4, 4), torch.zeros(5, 2, dtype=torch.long)
    straight = block.out(block.stem(patches).flatten(1)) + block.row.weight[0] + block.column.weight[0]
    assert torch.allclose(block(patches, places), straight, atol=1e-6)


def test_a_graft_keeps_what_it_has_learned():
    old = build(SPEC, 0).eval()
    tokens, senses = told()
    deeper = SPEC.model_copy(update={"decoder": (*SPEC.decoder, SPEC.decoder[1])})
    new, report = graft(old, deeper, 5)
    assert torch.allclose(new.eval()(tokens, **senses), old(tokens, **senses), atol=1e-4)
    assert report.kept == report.total
    wider = SPEC.model_copy(update={"d_model": 32})
    assert set(foresee(SPEC, wider).carries) == {name for name, _ in build(wider, 0).named_parameters()}


def test_domains_and_their_embedding_go_together():
    data = {"task": {"kind": "domains"}}
    with pytest.raises(SpecError, match="need an embedding for values") as refused:
        parse(data)
    fix = refused.value.problems[0].fixes[0]
    made = parse(data | {"model": {"embedding": {"modalities": fix.value.model_dump()}}})
    assert made.model.multi_domain
    with pytest.raises(SpecError, match="is for several domains"):
        edit.replaced(made, "task.kind", "text")
    with pytest.raises(SpecError, match="6 groups do not divide 16 channels; 4 would"):
        edit.replaced(made, "model.embedding.modalities.groups", 6)
    nothing = dict.fromkeys(type(made.task.domains.share).model_fields, 0.0)
    with pytest.raises(SpecError, match="no domain has a share"):
        edit.replaced(made, "task.domains.share", nothing)
