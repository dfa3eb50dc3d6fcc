"""Looks at the attention pattern of every head for one text."""

from __future__ import annotations

import numpy as np
import torch

from playground.transformer.taps import Taps
from playground.views.attention.frame import AttentionFrame, AttentionLook
from playground.views.subject import Subject, at_rest, read_only


class AttentionProbe:
    """Runs one text through the explicit path, which keeps the patterns that fused attention never writes down."""

    def observe(self, subject: Subject, look: AttentionLook) -> AttentionFrame:
        """The patterns of all layers that attend; a text longer than the context loses its end."""
        ids, shortened = _tokens(subject, look)
        layers = {
            f"{stack}.{index}": layer.attention
            for stack, layers in subject.model.spec.stacks.items()
            for index, layer in enumerate(layers)
            if layer.attention is not None
        }
        taps = Taps(f"{name}.pattern" for name in layers)
        with at_rest(subject.model):
            subject.model(torch.as_tensor(ids, device=subject.device)[None], taps=taps)
        return AttentionFrame(
            step=subject.step,
            tokens=tuple(subject.corpus.tokenizer.pieces(ids)),
            names=tuple(layers),
            patterns=tuple(read_only(taps.values[f"{name}.pattern"][0], np.float32) for name in layers),  # (heads, query, key)
            causal=tuple(attention.mask == "causal" for attention in layers.values()),
            shortened=shortened,
        )


def _tokens(subject: Subject, look: AttentionLook) -> tuple[np.ndarray, int]:
    """Token ids (pos,) that fit, and how many of the text did not."""
    limit = max(1, min(subject.model.spec.n_ctx, look.max_tokens))
    ids = subject.corpus.tokenizer.encode(look.text)
    if not len(ids):
        return np.asarray(subject.corpus.validation[:limit], dtype=np.int64), 0
    return ids[:limit], max(0, len(ids) - limit)


PROBE = AttentionProbe
