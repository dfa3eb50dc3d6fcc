"""The logit lens: reads the residual stream out after every layer, as if the model ended there (nostalgebraist 2020)."""

from __future__ import annotations

import numpy as np
import torch

from playground.data.special import Marked
from playground.transformer.taps import Taps
from playground.views.predictions.frame import PredictionsFrame, PredictionsLook
from playground.views.subject import Reading, Subject, at_rest, read_only, reading

HIDDEN = 7
"""An encoder fills blanks: of a running text every so many tokens are hidden from it, about as many as in training."""


class PredictionsProbe:
    """One forward pass, and one unembedding for each layer. The encoder beside a decoder predicts nothing and is left out."""

    def observe(self, subject: Subject, look: PredictionsLook) -> PredictionsFrame:
        """What every layer of the stack that answers would say at every position."""
        model = subject.model
        read, right = _asked(subject, reading(subject, look.text, look.max_tokens))
        stack, layers = ("decoder", model.spec.decoder) if model.spec.decoder else ("encoder", model.spec.encoder)
        names = ["embed", *(f"{stack}.{index}.resid_post" for index in range(len(layers)))]
        taps = Taps(names)
        with at_rest(model):
            read.logits(subject, taps)
            stream = torch.stack([taps.values[name][0].float() for name in names])  # (rows, pos, d_model)
            chances = model.read_out(stream).float().softmax(dim=-1)  # (rows, pos, vocab)
            best, ids = chances.topk(min(look.top, chances.shape[-1]), dim=-1)
            final = chances[-1].argmax(dim=-1)  # (pos,)
            growth = chances.gather(-1, final.expand(len(names), -1)[..., None])[..., 0]
            asked = torch.as_tensor(right, device=chances.device)
            there = chances.gather(-1, asked.clamp(min=0).expand(len(names), -1)[..., None])  # (rows, pos, 1)
            ranks = (chances > there).sum(-1) + 1
        none = right < 0
        pieces, kinds = subject.corpus.tokenizer.pieces, np.unique(ids.cpu().numpy())
        masked = subject.corpus.tokenizer.mask if isinstance(subject.corpus.tokenizer, Marked) else -1
        shown = ["" if id_ == masked else piece for id_, piece in zip(read.ids, pieces(read.ids), strict=True)]
        return PredictionsFrame(
            step=subject.step,
            tokens=tuple(shown),
            answers=tuple("" if id_ < 0 else pieces([id_])[0] for id_ in right.tolist()),
            rows=("embedding", *(f"layer {index + 1}" for index in range(len(layers)))),
            ids=read_only(ids, np.int32),
            chances=read_only(best, np.float32),
            pieces=dict(zip(kinds.tolist(), pieces(kinds.tolist()), strict=True)),
            truth=read_only(np.where(none, np.nan, there[..., 0].cpu().numpy()), np.float32),
            ranks=read_only(np.where(none, 0, ranks.cpu().numpy()), np.int32),
            growth=read_only(growth, np.float32),
            vocab=model.spec.vocab,
            reads=read_only(read.ids, np.int64),
            before=read.before,
            shortened=read.shortened,
        )


def _asked(subject: Subject, read: Reading) -> tuple[Reading, np.ndarray]:
    """What the model reads, and the id of the right token at each place (pos,), -1 where nothing is asked for."""
    tokenizer, model = subject.corpus.tokenizer, subject.model.spec
    right = np.full(len(read.ids), -1, np.int64)
    if model.decoder:
        right[:-1] = read.ids[1:]
        return read, right
    assert isinstance(tokenizer, Marked)
    hidden = read.ids == tokenizer.mask
    if hidden.any():  # a question: its answer is hidden
        examples = subject.corpus.examples
        if examples is not None:
            _, _, target, length = (column[0].numpy() for column in examples.validation)
            places = np.flatnonzero(hidden)[:length]
            right[places] = target[: len(places)]
        return read, right
    places = np.arange(min(HIDDEN // 2, len(read.ids) - 1), len(read.ids), HIDDEN)
    ids = np.array(read.ids)
    right[places] = ids[places]
    ids[places] = tokenizer.mask
    return Reading(ids, read.context, read.shortened), right


PROBE = PredictionsProbe
