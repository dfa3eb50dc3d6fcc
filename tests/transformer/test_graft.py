"""Grafting: what is kept, what is exact, what starts as the identity; for every kind of edit and for random pairs of models."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.spec import edit, layers
from playground.spec.check import SpecError, parse
from playground.spec.grafting.carry import Fill
from playground.transformer.graft import graft
from playground.transformer.model import build
from tests.spec.strategies import models
from tests.transformer.test_options import inputs


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def experiment(**changes):
    layer = {"norm": {"kind": "rms"}, "attention": {"heads": 4, "kv_heads": 2, "d_head": 6}, "mlp": {"d_mlp": 20}}
    model = {"d_model": 16, "n_ctx": 12, "vocab": 30, "decoder": [layer] * 3, "init": {"std": 0.3}} | changes
    return parse({"model": model})


def model_of(spec, seed=1):
    """A model none of whose weights is as it starts."""
    model = build(spec, seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return model


def said(model, seed=0):
    with torch.no_grad():
        return model(**inputs(model.spec, length=min(10, model.spec.n_ctx), seed=seed))


def grafted(before, path, value, origins=None):
    """A model, the one that an edit makes of it, and the report."""
    old = model_of(before.model)
    new, report = graft(old, edit.replaced(before, path, value).model, 7, origins)
    return old, new.eval(), report


def test_fewer_heads_for_keys_are_the_means_of_those_they_replace():
    old, new, _ = grafted(experiment(), "model.decoder[0].attention.kv_heads", 1)
    keys = old.decoder[0].attention.qkv.weight[24:36].view(2, 6, 16)
    assert torch.allclose(new.decoder[0].attention.qkv.weight[24:30], keys.mean(0))


def test_heads_cut_another_way_keep_every_weight():
    before = experiment(decoder=[{"attention": {"heads": 4}, "mlp": {"d_mlp": 20}}])
    _, _, report = grafted(before, "model.decoder[0].attention.heads", 8)
    assert report.kept == report.total
    assert report.sentence.startswith("All ")


def test_more_tokens_start_as_the_mean_of_the_others():
    old, new, _ = grafted(experiment(), "model.vocab", 33)
    assert torch.equal(new.embed.weight[:30], old.embed.weight)
    assert torch.allclose(new.embed.weight[30:], old.embed.weight.mean(0).expand(3, -1))


@pytest.mark.parametrize("place", ["pre", "sandwich", "output"])
def test_an_added_layer_and_a_copy_start_as_the_identity(place):
    norm = {"kind": "layer", "place": place}
    before = parse(edit._plain(experiment()) | {"model": edit._plain(experiment().model) | {
        "decoder": [{"norm": norm, "attention": {"heads": 4}, "mlp": {"d_mlp": 20}}] * 2}})  # fmt: skip
    old = model_of(before.model)
    for made in (layers.from_recipe(before, "layer", "decoder", 1), layers.duplicated(before, [("decoder", 0)])):
        new, report = graft(old, made.experiment.model, 3, made.origins)
        assert (said(new.eval()) - said(old)).abs().max() < 1e-10
        assert report.identity == ("decoder.1",)
        assert report.sentence.endswith("layer 2 starts as the identity.")
    copied = dict(new.named_parameters())["decoder.1.mlp.up.weight"]
    assert torch.equal(copied, old.decoder[0].mlp.up.weight)


def test_an_added_branch_changes_nothing_at_first():
    before = experiment(decoder=[{"attention": None, "mlp": {"d_mlp": 8}}, {"attention": {"heads": 4}, "mlp": None}])
    old = model_of(before.model)
    both = edit.replaced(
        edit.replaced(before, "model.decoder[0].attention", {"heads": 2}), "model.decoder[1].mlp", {"d_mlp": 9}
    )
    new, _ = graft(old, both.model, 3)
    assert (said(new.eval()) - said(old)).abs().max() < 1e-10
    new.train()(**inputs(new.spec)).sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for name, parameter in new.named_parameters() if name.endswith("out.weight"))


def test_carried_layers_take_their_weights_along():
    before = experiment()
    old = model_of(before.model)
    made = layers.moved(before, [("decoder", 0)], "decoder", 3)
    new, report = graft(old, made.experiment.model, 3, made.origins)
    for now, was in enumerate((1, 2, 0)):
        for one, other in zip(new.decoder[now].parameters(), old.decoder[was].parameters(), strict=True):
            assert torch.equal(one, other)
    assert report.kept == report.total
    back = layers.moved(made.experiment, [("decoder", 2)], "decoder", 0)
    again, _ = graft(new, back.experiment.model, 3, back.origins)
    assert all(torch.equal(one, other) for one, other in zip(again.parameters(), old.parameters(), strict=True))


def test_a_gpt_becomes_a_bert_with_its_weights():
    before = experiment()
    old = model_of(before.model)
    made = layers.switched(before, "encoder-only")
    for origins in (made.origins, None):
        new, report = graft(old, made.experiment.model, 3, origins)
        assert report.kept == report.total
        assert torch.equal(new.encoder[2].mlp.up.weight, old.decoder[2].mlp.up.weight)


@given(models())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_graft_onto_itself_changes_not_one_bit(data):
    spec = parse({"model": data}).model
    old = model_of(spec)
    new, report = graft(old, spec, 9)
    assert report.kept == report.total
    assert all(torch.equal(one, other) for one, other in zip(new.parameters(), old.parameters(), strict=True))


@given(models(), models())
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_anything_can_be_grafted_onto_anything(first, second):
    old = build(parse({"model": first}).model, 1)
    before = {name: parameter.clone() for name, parameter in old.named_parameters()}
    new, report = graft(old, parse({"model": second}).model, 2)
    assert all(parameter.isfinite().all() for parameter in new.parameters())
    assert 0 <= report.kept <= report.total == sum(parameter.numel() for parameter in old.parameters())
    assert {name: carry.shape for name, carry in report.carries.items()} == {n: p.shape for n, p in new.named_parameters()}
    assert report.sentence
    assert all(torch.equal(before[name], parameter) for name, parameter in old.named_parameters())
    said(new.eval())


@given(models(), models())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_said_to_be_kept_is_there(first, second):
    """Every number of the old model is marked; as many as the report says are found, where none is averaged or scaled."""
    old = build(parse({"model": first}).model, 1)
    with torch.no_grad():
        at = 10**6
        for parameter in old.parameters():
            parameter.copy_(torch.arange(at, at + parameter.numel()).view(parameter.shape))
            at += parameter.numel()
    new, report = graft(old, parse({"model": second}).model, 2)
    found = torch.cat([parameter.flatten() for parameter in new.parameters()]).unique()
    count = int(((found >= 10**6) & (found < at) & (found == found.round())).sum())
    axes = [axis for carry in report.carries.values() for axis in carry.axes]
    plain = all(axis.factors is None and all(len(entry) == 1 for entry in axis.entries or () if isinstance(entry, tuple))
                for axis in axes)  # fmt: skip
    means = any(axis.filled(Fill.MEAN) for axis in axes)
    assert not plain or means or count == report.kept


@given(models(), st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_new_layers_anywhere_in_random_models_change_nothing(data, draw):
    """The identity holds for every model whose norms do not stand after the sum."""
    for stack in ("encoder", "decoder"):
        for layer in data[stack]:
            if layer["norm"]["place"] == "post":
                layer["norm"]["place"] = "pre"
    before = parse({"model": data})
    stack = draw.draw(st.sampled_from(list(before.model.stacks)))
    index = draw.draw(st.integers(0, len(getattr(before.model, stack))))
    try:
        made = layers.from_recipe(before, draw.draw(st.sampled_from(["layer", "attention", "mlp"])), stack, index)
    except SpecError:
        return
    old = model_of(before.model)
    new, _ = graft(old, made.experiment.model, 5, made.origins)
    assert (said(new.eval()) - said(old)).abs().max() < 1e-9
