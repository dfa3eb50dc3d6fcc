"""What attentions are called: "3×", "Decoder layer 3 · cross", and the mean of several."""

from __future__ import annotations

import numpy as np

from playground.views.attention.frame import AttentionFrame


def layer_label(name: str) -> str:
    """ "decoder.2" is layer "3", its cross-attention "3×"; attention-free layers are absent, so a row's place does not tell."""
    cross = "×" if name.endswith(".cross") else ""
    return next((f"{int(part) + 1}{cross}" for part in name.split(".") if part.isdigit()), name)


def layer_labels(names: tuple[str, ...]) -> tuple[str, ...]:
    """Of all attentions, with the stack's letter where there are several: E1, D2, D2×."""
    several = len({name.split(".")[0] for name in names}) > 1
    return tuple((name[0].upper() if several else "") + layer_label(name) for name in names)


def layer_title(name: str, names: tuple[str, ...]) -> str:
    """ "Layer 3", and of which stack where there are several."""
    stack, number = name.split(".")[0], layer_label(name).rstrip("×")
    several = len({other.split(".")[0] for other in names}) > 1
    title = f"{stack.capitalize()} layer {number}" if several else f"Layer {number}"
    return f"{title} · cross" if name.endswith(".cross") else title


def title(place: tuple[str, int], names: tuple[str, ...], mean: str) -> str:
    """A head, or the mean ("one", "layer", "all") that is shown instead."""
    layer = layer_title(place[0], names)
    return {"one": f"{layer} · head {place[1] + 1}", "layer": f"{layer} · mean", "all": "Mean of all heads"}[mean]


def meant(frame: AttentionFrame, place: tuple[str, int], mean: str) -> np.ndarray:
    """The (query, key) weights of a head, or the mean over its layer, or over all attentions of its kind."""
    name, head = place
    layer = frame.patterns[frame.names.index(name)]
    if mean == "one":
        made: np.ndarray = layer[head]
    elif mean == "layer":
        made = layer.mean(0)
    else:
        kind = name.split(".")[0], name.endswith(".cross")
        alike = [patterns for other, patterns in zip(frame.names, frame.patterns, strict=True)
                 if (other.split(".")[0], other.endswith(".cross")) == kind]  # fmt: skip
        made = np.concatenate(alike).mean(0)
    return made


def axes_read(frame: AttentionFrame, name: str) -> tuple[tuple[np.ndarray, int], tuple[np.ndarray, int]]:
    """Of queries and of keys: their ids, and how many tokens are read before them."""
    none = np.zeros(0, np.int64)
    own = (frame.ids if frame.ids is not None else none), len(frame.context)
    other = (frame.context_ids if frame.context_ids is not None else none), 0
    if name.endswith(".cross"):
        return own, other
    return (other, other) if frame.context and name.startswith("encoder") else (own, own)
