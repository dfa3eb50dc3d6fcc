"""The whole option space: every model that the spec accepts builds, agrees with itself on every path, trains and generates."""

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from playground.spec.check import SpecError, parse
from playground.spec.model import ModelSpec
from playground.transformer.cache import KVCache
from playground.transformer.generate import fill, generate
from playground.transformer.model import Transformer, build
from playground.transformer.taps import Taps
from tests.spec.strategies import models


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def spec_of(data) -> ModelSpec:
    return parse({"model": data}).model


def inputs(spec: ModelSpec, batch=2, length=None, seed=0) -> dict[str, torch.Tensor]:
    """Tokens, and what else the architecture reads."""
    generator = torch.Generator().manual_seed(seed)
    length = length or spec.n_ctx
    made = {"tokens": torch.randint(spec.vocab, (batch, length), generator=generator)}
    if spec.architecture == "encoder-decoder":
        made["context"] = torch.randint(spec.vocab, (batch, spec.n_ctx), generator=generator)
    if any(layer.attention and layer.attention.mask == "prefix" for layer in spec.decoder):
        made["prefix"] = torch.randint(1, length + 1, (batch,), generator=generator)
    return made


def patterns(spec: ModelSpec) -> list[str]:
    names = []
    for stack, layers in spec.stacks.items():
        for index, layer in enumerate(layers):
            names += [f"{stack}.{index}.pattern"] if layer.attention else []
            names += [f"{stack}.{index}.cross.pattern"] if layer.cross else []
    return names


def causal(spec: ModelSpec) -> bool:
    return bool(spec.decoder) and all(layer.attention is None or layer.attention.mask == "causal" for layer in spec.decoder)


def spoken(model: Transformer, count: int) -> list[int]:
    """What it generates: a decoder goes on from a token, an encoder fills blanks."""
    read = inputs(model.spec)
    if not model.spec.decoder:
        chances = fill(model, read["tokens"][0].tolist(), [0] * count)
        assert (chances.sum(-1) - 1).abs().max() < 1e-5
        return chances.argmax(-1).tolist()
    context = read["context"][0].tolist() if "context" in read else None
    return [token for token, _ in generate(model, [0], count, context=context, generator=torch.Generator().manual_seed(0))]


@given(models())
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_model_builds_does_a_step_with_finite_gradients_everywhere_and_generates(data):
    model = build(spec_of(data), 0)
    logits = model(**inputs(model.spec))
    targets = torch.randint(model.spec.vocab, logits.shape[:2], generator=torch.Generator().manual_seed(1))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    assert loss.isfinite()
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    said = spoken(model, 2)
    assert len(said) == 2
    assert all(0 <= token < model.spec.vocab for token in said)


@given(models())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_observed_fused_and_products_agree(data):
    model = build(spec_of(data | {"init": {"std": 0.4}}), 0).eval()
    read = inputs(model.spec)
    taps = Taps(patterns(model.spec))
    with torch.no_grad():
        fused = model(**read)
        assert (model(**read, taps=taps) - fused).abs().max() < 1e-9
        for stack in (model.encoder, model.decoder):
            for layer in stack:
                for attention in (layer.attention, layer.cross):
                    if attention is not None and attention._path(torch.zeros(1), None) == "fused":
                        attention._path = lambda q, taps: "products"
        assert (model(**read) - fused).abs().max() < 1e-9
    assert set(taps.values) == set(patterns(model.spec))
    for name, pattern in taps.values.items():
        rows = pattern.sum(-1)
        stack, index = name.split(".")[:2]
        layer = getattr(model.spec, stack)[int(index)]
        sink = (layer.cross if ".cross." in name else layer.attention).sink
        assert ((rows < 1 + 1e-9) if sink else (rows - 1).abs() < 1e-9).all(), name


@given(models(("decoder", "both")))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_leaks_from_the_future_through_causal_layers(data):
    spec = spec_of(data | {"init": {"std": 0.4}})
    assume(causal(spec) and spec.n_ctx > 1)
    model, read = build(spec, 0).eval(), inputs(spec)
    place = spec.n_ctx // 2
    changed = dict(read, tokens=read["tokens"].clone())
    changed["tokens"][:, place:] = (changed["tokens"][:, place:] + 1) % spec.vocab
    with torch.no_grad():
        assert (model(**changed)[:, :place] - model(**read)[:, :place]).abs().max() < 1e-12


@given(models(("decoder", "both")), st.integers(1, 3), st.integers(1, 8))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_without_absolute_positions_a_text_may_begin_anywhere(data, window, before):
    """Windows limit how far a whole model sees; what comes before that moves every token and must change nothing."""
    for layer in data["decoder"]:
        if layer["attention"]:
            layer["attention"] |= {"mask": "causal", "window": window}
    sees = 1 + (window - 1) * sum(layer["attention"] is not None for layer in data["decoder"])
    length = sees + 4
    position = {"position": {"kind": "none"}}
    spec = spec_of(data | {"init": {"std": 0.4}, "n_ctx": before + length, "embedding": data["embedding"] | position})
    model, read = build(spec, 0).eval(), inputs(spec)
    moved = dict(read, tokens=read["tokens"][:, before:])
    with torch.no_grad():
        assert (model(**read)[:, before + sees - 1 :] - model(**moved)[:, sees - 1 :]).abs().max() < 1e-9


@given(models(), st.integers(0, 3))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_window_as_long_as_the_text_hides_nothing(data, more):
    spec = spec_of(data | {"init": {"std": 0.4}})
    wide = {name: [_windowed(layer, spec.n_ctx + more) for layer in data[name]] for name in ("encoder", "decoder")}
    open_ = {name: [_windowed(layer, None) for layer in data[name]] for name in ("encoder", "decoder")}
    first, second = (build(spec_of(data | found | {"init": {"std": 0.4}}), 0).eval() for found in (wide, open_))
    with torch.no_grad():
        assert (first(**inputs(spec)) - second(**inputs(spec))).abs().max() < 1e-10


def _windowed(layer, window):
    return layer | {"attention": layer["attention"] | {"window": window}} if layer["attention"] else layer


@given(models(("decoder", "both")), st.lists(st.integers(1, 5), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_cached_decoding_equals_full_decoding(data, pieces):
    spec = spec_of(data | {"init": {"std": 0.4}})
    assume(causal(spec) and sum(pieces) <= spec.n_ctx)
    model, read = build(spec, 0).eval(), inputs(spec, length=sum(pieces))
    cache, start, out, tokens = KVCache(), 0, [], read.pop("tokens")
    with torch.no_grad():
        for piece in pieces:
            out.append(model(tokens[:, start : start + piece], **read, cache=cache))
            start += piece
            read.pop("context", None)  # read once, kept in the cache
        whole = model(**inputs(spec, length=sum(pieces)))
        assert (torch.cat(out, 1) - whole).abs().max() < 1e-9


@given(models(), st.integers(1, 23), st.integers(0, 3))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_padding_never_changes_what_is_real(data, real, seed):
    spec = spec_of(data | {"init": {"std": 0.4}})
    assume(real < spec.n_ctx)
    # a mixture's products over other numbers of tokens round differently, and a tie between experts may then fall otherwise
    model, read = build(spec, 0).eval(), inputs(spec, seed=seed)
    read.pop("prefix", None)
    lengths = torch.tensor([real, spec.n_ctx])
    padded = dict(read, lengths=lengths)
    if "context" in read:
        padded["context_lengths"] = lengths
    short = {name: value[:1, :real] for name, value in read.items()}
    other = {name: value.clone() for name, value in padded.items()}
    for name in ("tokens", "context"):
        if name in other:
            other[name][0, real:] = (other[name][0, real:] + 1) % spec.vocab
    with torch.no_grad():
        alone, beside, again = model(**short), model(**padded), model(**other)
    assert beside.isfinite().all()
    assert (beside[0, :real] - alone[0]).abs().max() < 1e-9
    assert (again[0, :real] - beside[0, :real]).abs().max() < 1e-9


WORDS = st.sampled_from(["none", "rotary", "alibi", "t5", "causal", "prefix", "post", "parallel", "tied", "head", "x"])


@given(models(), st.data())
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_refused_is_refused_by_the_spec_and_never_by_torch(data, more):
    """Values from the edges are put at random places; what the spec then lets through must build and run."""
    holders = [data, data["embedding"], data["unembedding"], *data["encoder"], *data["decoder"]]
    for layer in (*data["encoder"], *data["decoder"]):
        holders += [part for part in layer.values() if isinstance(part, dict)]
        holders += [layer["attention"]["position"]] if layer["attention"] else []
    for _ in range(more.draw(st.integers(1, 3))):
        holder = more.draw(st.sampled_from(holders))
        name = more.draw(st.sampled_from(sorted(holder)))
        if not isinstance(holder[name], dict | list):
            holder[name] = more.draw(st.sampled_from([0, 1, 3, 5, 7, -1, 0.3, None, True]) | WORDS)
    try:
        spec = spec_of(data)
    except SpecError as error:
        said = error.problems
    else:
        said = []
        assert Transformer(spec)(**inputs(spec)).shape == (2, spec.n_ctx, spec.vocab)
    assert all(problem.path and problem.message for problem in said)
