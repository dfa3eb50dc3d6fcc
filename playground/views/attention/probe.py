"""Looks at the attention pattern of every head for one text."""

from __future__ import annotations

import numpy as np

from playground.spec.model import Attention, AttentionHeads
from playground.views.attention.cell import parts, worked_out
from playground.views.attention.frame import AttentionFrame, AttentionLook
from playground.views.subject import Subject, at_rest, read_only, reading


class AttentionProbe:
    """Runs one text through the explicit path, which keeps the patterns that fused attention never writes down."""

    def observe(self, subject: Subject, look: AttentionLook) -> AttentionFrame:
        """The patterns of all layers that attend; a text longer than the context loses its end."""
        read = reading(subject, look.text, look.max_tokens)
        found = _attentions(subject)
        if look.only in found:
            found = {look.only: found[look.only]}
        wanted = look.cell if look.cell is not None and look.cell[0] in found else None
        names = [*(f"{name}.pattern" for name in found), *(parts(wanted[0]) if wanted else ())]
        with at_rest(subject.model):
            seen = read.watch(subject, names)
        pieces = subject.corpus.tokenizer.pieces
        return AttentionFrame(
            step=subject.step,
            tokens=tuple(pieces(read.ids)),
            names=tuple(found),
            patterns=tuple(read_only(seen[f"{name}.pattern"][0], np.float32) for name in found),  # (heads, query, key)
            causal=tuple(isinstance(each, Attention) and each.mask == "causal" for each in found.values()),
            shortened=read.shortened,
            context=() if read.context is None else tuple(pieces(read.context)),
            ids=read_only(read.ids, np.int64),
            context_ids=None if read.context is None else read_only(read.context, np.int64),
            room=subject.model.spec.n_ctx,
            cell=worked_out(subject.model, seen, wanted) if wanted else None,
        )


def _attentions(subject: Subject) -> dict[str, AttentionHeads]:
    """Every attention by its tap prefix, in the order in which they compute."""
    found: dict[str, AttentionHeads] = {}
    for stack, layers in subject.model.spec.stacks.items():
        for index, layer in enumerate(layers):
            if layer.attention is not None:
                found[f"{stack}.{index}"] = layer.attention
            if layer.cross is not None:
                found[f"{stack}.{index}.cross"] = layer.cross
    return found


PROBE = AttentionProbe
