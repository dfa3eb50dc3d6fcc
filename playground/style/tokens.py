"""The colours of the three themes by meaning; everything that draws asks here, nothing names a colour itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """One theme. Every colour is "#rrggbb"; the parts of a model carry the Okabe-Ito hues, tuned for contrast."""

    name: str
    window: str
    """The ground behind everything."""
    surface: str
    """Cards, fields and buttons."""
    raised: str
    """Tracks, hovered rows, cells that hold nothing."""
    line: str
    """Hairlines and borders."""
    text: str
    quiet: str
    """Captions and units: still readable, 4.5 to 1 or better."""
    accent: str
    on_accent: str
    selected: str
    """The ground of a chosen segment or row."""
    warning: str
    warning_ground: str
    good: str
    good_ground: str
    bad: str
    embedding: str
    attention: str
    cross_attention: str
    mlp: str
    norm: str
    unembedding: str
    dark: bool

    def part(self, kind: str) -> str:
        """The colour of a kind of part: embedding, attention, cross_attention, mlp, norm, unembedding."""
        colour = getattr(self, kind)
        if not isinstance(colour, str):
            raise KeyError(kind)
        return colour


DARK = Theme(
    name="dark",
    window="#1c1f26",
    surface="#252931",
    raised="#2e333d",
    line="#3b414c",
    text="#eceef2",
    quiet="#a3aab6",
    accent="#56b4e9",
    on_accent="#10141a",
    selected="#2c4b60",
    warning="#f0b440",
    warning_ground="#3a3220",
    good="#3fcf9c",
    good_ground="#1c3b33",
    bad="#ff8370",
    embedding="#5aa9e6",
    attention="#e9a83a",
    cross_attention="#ef7f45",
    mlp="#2fbf92",
    norm="#9aa1ad",
    unembedding="#d98abb",
    dark=True,
)

LIGHT = Theme(
    name="light",
    window="#f7f8fa",
    surface="#ffffff",
    raised="#e8ebf0",
    line="#d3d8e0",
    text="#15181d",
    quiet="#59616d",
    accent="#0072b2",
    on_accent="#ffffff",
    selected="#cfe4f1",
    warning="#8a5a00",
    warning_ground="#fbf0da",
    good="#00694c",
    good_ground="#d9f0e7",
    bad="#b3261e",
    embedding="#0072b2",
    attention="#b97700",
    cross_attention="#c75200",
    mlp="#008760",
    norm="#6b7280",
    unembedding="#b0508a",
    dark=False,
)

CONTRAST = Theme(
    name="contrast",
    window="#000000",
    surface="#0b0b0b",
    raised="#262626",
    line="#bdbdbd",
    text="#ffffff",
    quiet="#e4e4e4",
    accent="#7cc8ff",
    on_accent="#000000",
    selected="#0d4a73",
    warning="#ffd060",
    warning_ground="#332600",
    good="#5af0bd",
    good_ground="#003524",
    bad="#ff9d90",
    embedding="#7cc0ff",
    attention="#ffbe4d",
    cross_attention="#ff9a66",
    mlp="#4fe0b4",
    norm="#d0d0d0",
    unembedding="#f2a9d6",
    dark=True,
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT, CONTRAST)}

CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442", "#999999")
"""Okabe-Ito for categories; pair each with a marker shape."""


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2.1)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
