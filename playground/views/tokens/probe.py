"""Looks at a stretch of text as tokens, with what the model paid for each of them."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from playground.data.special import Marked
from playground.transformer.model import Transformer
from playground.views.subject import Subject, at_rest, read_only, reading
from playground.views.tokens.frame import TokensFrame, TokensLook

LOGITS_AT_ONCE = 1 << 24
"""Floats (64 MiB) one forward pass may hand back."""


class TokensProbe:
    """Reads the text in windows of the model's context, one after the other."""

    def observe(self, subject: Subject, look: TokensLook) -> TokensFrame:
        """The tokens of the stretch with their losses in nats."""
        corpus = subject.corpus
        ids = corpus.tokenizer.encode(look.text)[: look.max_tokens] if look.text else np.empty(0, np.int64)
        start = 0
        own = bool(len(ids))
        if not own:
            start = corpus.opening if look.start is None else look.start
            start = max(0, min(start, len(corpus.validation) - look.max_tokens))
            ids = np.asarray(corpus.validation[start : start + look.max_tokens], dtype=np.int64)
        return TokensFrame(
            step=subject.step,
            tokens=tuple(corpus.tokenizer.pieces(ids)),
            ids=read_only(ids, np.int64),
            losses=paid(subject, ids),
            tokenizer=corpus.tokenizer.kind,
            vocab=corpus.tokenizer.vocab,
            bytes_per_token=corpus.bytes_per_token,
            train_tokens=len(corpus.train),
            validation_tokens=len(corpus.validation),
            start=start,
            reads=read_only(_read_elsewhere(subject, look.text, len(ids), 0 if own else corpus.opening - start), np.int64),
        )


def _read_elsewhere(subject: Subject, text: str, count: int, first: int) -> np.ndarray:
    """For each of `count` tokens its place among those that the other views read, (count,); -1: they do not read it.

    They begin at token `first` of these. A decoder beside an encoder reads a token more, the first.
    """
    found = np.full(count, -1)
    if subject.corpus.examples is not None:  # they read a question
        return found
    read = reading(subject, text, subject.model.spec.n_ctx)
    total = read.before + len(read.ids) - (read.context is not None)
    at = np.arange(count) - first
    there = (at >= 0) & (at < total)
    found[there] = (at + ((read.context is not None) & (at >= read.before)))[there]
    return found


BLANKS = 7
"""An encoder reads the text this many times, each time with another seventh of it hidden: as many as Algorithm 12 hides."""


def paid(subject: Subject, ids: np.ndarray) -> np.ndarray:
    """Nats for each of `ids` (tokens,) as float32, in the way the model was trained; NaN for those it was never asked for."""
    model, tokenizer = subject.model, subject.corpus.tokenizer
    if not isinstance(tokenizer, Marked) or model.spec.architecture == "decoder-only":
        return losses(model, ids, subject.device)
    found = np.full(len(ids), np.nan, np.float32)
    with at_rest(model):
        for start in range(0, len(ids), model.spec.n_ctx):
            part = torch.as_tensor(ids[start : start + model.spec.n_ctx], device=subject.device)
            at = found[start : start + len(part)]
            if model.spec.decoder:
                _paid_by_halves(subject, part, tokenizer.bos, at)
            else:
                _paid_for_blanks(subject, part, tokenizer.mask, at)
    found.flags.writeable = False
    return found


def _paid_for_blanks(subject: Subject, part: torch.Tensor, mask: int, into: np.ndarray) -> None:
    blanks = torch.arange(len(part), device=part.device) % BLANKS == torch.arange(BLANKS, device=part.device)[:, None]
    logits = subject.model(torch.where(blanks, mask, part))  # (blanks, pos, vocab)
    nats = functional.cross_entropy(logits.transpose(1, 2).float(), part.expand(BLANKS, -1), reduction="none")
    into[:] = (nats * blanks).sum(dim=0).cpu().numpy()


def _paid_by_halves(subject: Subject, part: torch.Tensor, bos: int, into: np.ndarray) -> None:
    first = max(1, len(part) // 2)
    said = part[first:]
    if len(said):
        read = torch.cat((said.new_tensor([bos]), said[:-1]))
        logits = subject.model(read[None], context=part[None, :first])[0].float()
        into[first:] = functional.cross_entropy(logits, said, reduction="none").cpu().numpy()


def losses(model: Transformer, ids: np.ndarray, device: torch.device) -> np.ndarray:
    """Nats for each of `ids` (tokens,) as float32; the first, which nothing precedes, is NaN.

    Windows do not overlap: the last place of each predicts the first token of the next.
    """
    paid = np.full(len(ids), np.nan, np.float32)
    n_ctx = model.spec.n_ctx
    inputs, targets = torch.as_tensor(ids[:-1], device=device), torch.as_tensor(ids[1:], device=device)
    whole = len(inputs) // n_ctx
    rows = max(1, LOGITS_AT_ONCE // (n_ctx * model.spec.vocab))
    pieces = [(at * n_ctx, min(at + rows, whole) * n_ctx, n_ctx) for at in range(0, whole, rows)]
    if rest := len(inputs) - whole * n_ctx:
        pieces.append((whole * n_ctx, len(inputs), rest))
    with at_rest(model):
        for start, stop, width in pieces:
            logits = model(inputs[start:stop].view(-1, width))  # (windows, pos, vocab)
            nats = functional.cross_entropy(logits.flatten(0, 1).float(), targets[start:stop], reduction="none")
            paid[1 + start : 1 + stop] = nats.cpu().numpy()
    paid.flags.writeable = False
    return paid


PROBE = TokensProbe
