"""The masks of gist tokens: the printed matrices, what can and cannot reach an answer, and every path with them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.spec.check import parse
from playground.transformer.cache import KVCache
from playground.transformer.gisting import GistMask, make_mask
from playground.transformer.model import Transformer, build
from playground.transformer.sight import Sight
from playground.transformer.taps import Taps

VOCAB, CONTEXT = 20, 24
GIST = VOCAB - 1

# a b c G d, as printed in the doc-strings of jayelm/gisting (rows are queries), before the causal mask
PRINTED = {
    "gist": [[1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [0, 0, 0, 1, 1]],
    "negative": [[1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 1]],
    "positive": [[1, 1, 1, 1, 1]] * 5,
}


def spec(mask="gist", stacks="decoder", heads=2, kv_heads=2, position="none", added="learned", window=None):
    own = {"heads": heads, "kv_heads": kv_heads, "d_head": 4, "position": {"kind": position}, "window": window}
    layer = {"attention": own, "mlp": {"d_mlp": 16}}
    full = {"attention": own | {"mask": "bidirectional"}, "mlp": {"d_mlp": 16}}
    data = {"d_model": 8, "n_ctx": CONTEXT, "vocab": VOCAB, "gist": {"mask": mask}, "init": {"std": 0.5}}
    data["embedding"] = {"position": {"kind": added}}
    if stacks == "both":
        data |= {"encoder": [full] * 2, "decoder": [layer | {"cross": {"heads": heads}}] * 2}
    else:
        data |= {"encoder": [full] * 2, "decoder": []} if stacks == "encoder" else {"decoder": [layer] * 2}
    return parse({"model": data, "task": {"kind": "instructions"}}).model


def model(**options) -> Transformer:
    return build(spec(**options), 1).double().eval()


def question(prompt, k, rest, batch=2):
    """(batch, prompt + k + rest) with k gist tokens in the middle."""
    made = torch.randint(GIST, (batch, prompt + k + rest), generator=torch.Generator().manual_seed(prompt + 7 * rest))
    made[:, prompt : prompt + k] = GIST
    return made


def allowed(mask, tokens):
    """The whole mask of some tokens without the causal one, (batch, query, key)."""
    made = make_mask(mask, GIST, tokens)
    return (
        torch.ones(len(tokens), tokens.shape[1], tokens.shape[1])
        if made is None
        else (~made.hidden(tokens.shape[1])[:, 0]).int()
    )


@pytest.mark.parametrize("mask", PRINTED)
def test_the_three_matrices_as_printed(mask):
    tokens = torch.tensor([[0, 1, 2, GIST, 3]])
    assert allowed(mask, tokens)[0].tolist() == PRINTED[mask]


@pytest.mark.parametrize("mask", ["gist", "negative"])
def test_a_sequence_without_gist_tokens_is_left_alone_beside_one_with(mask):
    tokens = torch.tensor([[0, 1, 2, 4, 3], [0, GIST, GIST, 4, 3]])
    both = allowed(mask, tokens)
    assert both[0].all()
    first = 1 if mask == "gist" else 3
    assert both[1, 3].tolist() == [int(key >= first) for key in range(5)]


def test_a_decoder_sees_of_its_encoder_only_what_stands_from_the_first_gist_on():
    tokens = torch.tensor([[0, 1, GIST, GIST, 3], [0, 1, 2, 3, 4]])
    assert GistMask(tokens == GIST).hidden_behind()[:, 0, 0].tolist() == [[True, True, False, False, False], [False] * 5]
    assert GistMask(tokens == GIST, negative=True).hidden_behind()[0, 0, 0].tolist() == [True] * 4 + [False]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0, 1, 2, 4, 8]), st.integers(1, 5)), min_size=1, max_size=4),
       st.sampled_from(["gist", "negative", "positive"]), st.sampled_from(["causal", "bidirectional"]))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_who_sees_whom_over_lengths_counts_and_padding(rows, mask, kind):
    width = max(sum(row) for row in rows)
    tokens = torch.zeros(len(rows), width, dtype=torch.int64)
    for row, (prompt, k, _) in zip(tokens, rows, strict=True):
        row[prompt : prompt + k] = GIST
    lengths = torch.tensor([sum(row) for row in rows])
    sight = Sight(0, lengths, gist=make_mask(mask, GIST, tokens))
    hidden = sight.hidden(kind, None, width, width, tokens.device).expand(len(rows), 1, width, width)
    for row, (prompt, k, rest) in enumerate(rows):
        for query in range(width):
            for key in range(width):
                seen = kind == "bidirectional" or key <= query
                seen &= key < prompt + k + rest or key == query
                if mask != "positive" and k:
                    late, first = query >= prompt + k, prompt if mask == "gist" else prompt + k
                    seen &= key >= first if late else key < prompt + k
                assert hidden[row, 0, query, key] == (not seen), (row, query, key)


@given(st.integers(1, 6), st.sampled_from([1, 2, 4, 8]), st.integers(1, 5), st.sampled_from(["decoder", "encoder", "both"]),
       st.sampled_from(["gist", "negative", "positive"]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_nothing_of_the_prompt_reaches_the_answer_but_through_the_gist(prompt, k, rest, stacks, mask):
    """With the gist's keys, values and memory held fast, no gradient is left from the answer to the prompt's embeddings."""
    made, tokens = model(mask=mask, stacks=stacks), question(prompt, k, rest)
    answer = torch.randint(GIST, (2, 3)) if stacks == "both" else None

    def reach(fast: bool) -> float:
        def hold(value):
            dim = 2 if value.dim() == 4 else 1
            index = torch.arange(value.shape[dim])
            inside = ((index >= prompt) & (index < prompt + k))[:, None]
            return torch.where(inside, value.detach(), value)

        stack = "encoder" if stacks != "decoder" else "decoder"
        names = [f"{stack}.{layer}.{what}" for layer in (0, 1) for what in "kv"] + ["memory"] if fast else []
        taps, held = Taps(edits={name: hold for name in names}), []

        def watch(value):
            held.append(value.detach().requires_grad_())
            return held[0]

        taps.edits["context_embed" if stacks == "both" else "embed"] = watch
        out = made(answer if answer is not None else tokens, context=tokens if answer is not None else None, taps=taps)
        late = out if answer is not None else out[:, prompt + k :]
        (gradient,) = torch.autograd.grad(late.square().sum(), held[0])
        return gradient[:, :prompt].abs().max().item()

    if mask == "positive":
        assert reach(True) > 0
    else:
        assert reach(True) == 0
        assert (reach(False) > 0) == (mask == "gist")


@given(st.integers(0, 6), st.sampled_from([1, 2, 4]), st.integers(1, 5), st.sampled_from(["decoder", "encoder", "both"]),
       st.sampled_from(["gist", "negative"]), st.sampled_from([1, 2]),
       st.sampled_from(["none", "rotary", "alibi", "t5"]), st.sampled_from([None, 3]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_fused_and_the_observed_path_agree_with_it(prompt, k, rest, stacks, mask, kv_heads, position, window):
    made, tokens = (
        model(mask=mask, stacks=stacks, kv_heads=kv_heads, position=position, window=window),
        question(prompt, k, rest),
    )
    more = {"context": tokens} if stacks == "both" else {}
    read = torch.randint(GIST, (2, 4)) if stacks == "both" else tokens
    taps = Taps([f"{s}.{i}.{x}" for s in ("encoder", "decoder") for i in (0, 1) for x in ("pattern", "cross.pattern")])
    fused, observed = made(read, **more), made(read, taps=taps, **more)
    assert (fused - observed).abs().max() < 1e-10
    name = "decoder.0.cross.pattern" if stacks == "both" else f"{stacks}.0.pattern"
    seen = taps.values[name][:, :, prompt + k if stacks != "both" else 0 :, :prompt]
    assert not seen.any()


@pytest.mark.parametrize("mask", ["gist", "negative", "positive"])
def test_a_cache_gives_the_same_token_by_token_and_in_pieces(mask):
    made, tokens = model(mask=mask, position="rotary"), question(5, 2, 6)
    whole = made(tokens)
    for pieces in ([1] * 13, [5, 2, 6], [4, 2, 3, 4], [7, 6]):
        cache, out = KVCache(), []
        for piece in tokens.split(pieces, dim=1):
            out.append(made(piece, cache=cache))
        assert (torch.cat(out, dim=1) - whole).abs().max() < 1e-10
