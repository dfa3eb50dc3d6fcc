"""Where the layers of a changed model came from: what was said, made whole, or a guess where nobody says."""

from __future__ import annotations

from difflib import SequenceMatcher

from playground.spec.layers import STACKS, Origin, Origins
from playground.spec.model import Layer, ModelSpec


def guess(old: ModelSpec, new: ModelSpec) -> Origins:
    """Origins where nobody says: layer by layer where there are as many, else equal records aligned as in a text's diff.

    A model that goes from a decoder alone to an encoder alone, or back, keeps its layers in their new stack.
    """
    lone = {"decoder-only": "decoder", "encoder-only": "encoder"}
    crosses = old.architecture in lone and new.architecture in lone
    return {
        stack: _aligned(lone[old.architecture] if crosses else stack, old, getattr(new, stack)) for stack in STACKS
    }  # fmt: skip


def settled(origins: Origins | None, old: ModelSpec, new: ModelSpec) -> Origins:
    """One entry for each layer of `new`: what was said, or a guess where nothing was, or something about other models."""
    if origins is None:
        return guess(old, new)
    known = {f"{stack}.{index}" for stack, layers in old.stacks.items() for index in range(len(layers))}
    named = {origin.name for layers in origins.values() for origin in layers if origin is not None}
    missing = {stack: len(getattr(new, stack)) - len(origins.get(stack, ())) for stack in STACKS}
    if not named <= known or min(missing.values()) < 0:
        return guess(old, new)
    return {stack: (*origins.get(stack, ()), *(None,) * missing[stack]) for stack in STACKS}


def _aligned(stack: str, old: ModelSpec, new: tuple[Layer, ...]) -> tuple[Origin | None, ...]:
    before: tuple[Layer, ...] = getattr(old, stack)
    if len(before) == len(new):
        return tuple(Origin(f"{stack}.{index}") for index in range(len(new)))
    found: list[Origin | None] = [None] * len(new)
    matcher = SequenceMatcher(None, [_bare(layer) for layer in before], [_bare(layer) for layer in new], autojunk=False)
    for _, start, stop, at, end in matcher.get_opcodes():
        for offset in range(min(stop - start, end - at)):  # an edited layer stands in the place of the one before
            found[at + offset] = Origin(f"{stack}.{start + offset}")
    return tuple(found)


def _bare(layer: Layer) -> Layer:
    """A layer without what depends on the stack it stands in."""
    attention = layer.attention
    if attention is not None:
        attention = attention.model_copy(update={"mask": "bidirectional"})
    return layer.model_copy(update={"attention": attention, "cross": None})
