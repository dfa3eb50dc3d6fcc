"""What kind of token a string is, and which modality an id belongs to."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

from playground.data.special import Marked
from playground.views.embeddings.frame import KINDS, MODALITIES


def kind(token: str) -> int:
    """Which of KINDS a token is: by its first letter, else its digits, else its marks."""
    body = token.strip()
    if not body:
        name = "space" if token else "other"
    elif (letter := next((c for c in body if c.isalpha()), None)) is not None:
        name = "capitals" if letter.isupper() else "letters"
    elif any(c.isdigit() for c in body):
        name = "digits"
    elif body != "�" and all(unicodedata.category(c)[0] in "PS" for c in body):
        name = "punctuation"
    else:
        name = "other"
    return KINDS.index(name)


def modalities(tokenizer: Any, ids: np.ndarray) -> np.ndarray:
    """Which of MODALITIES each id (n,) belongs to, uint8 (n,): a tokenizer of several domains says it by its ranges."""
    ranges = getattr(tokenizer, "ranges", None)
    if ranges is not None:
        names = [ranges.modality(int(token)) for token in ids]
        return np.array([MODALITIES.index(name if name in MODALITIES else "other") for name in names], dtype=np.uint8)
    found = np.zeros(len(ids), dtype=np.uint8)
    if isinstance(tokenizer, Marked):
        found[ids >= tokenizer.inner.vocab] = MODALITIES.index("special")
    return found
