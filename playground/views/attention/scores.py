"""What can be said about a head in numbers and words: entropy, and how much of its attention goes to typical places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playground.style import tokentext


@dataclass(frozen=True)
class HeadScores:
    """Means over all queries but the first (which, under a causal mask, can only look at itself).

    `entropy` in nats: 0 looks at one token, ln(keys) looks at all alike. The others are shares of attention, 0 to 1;
    NaN where the text has nothing to measure them on.
    """

    entropy: float
    previous: float
    first: float
    diagonal: float
    induction: float


KINDS = ("entropy", "previous", "induction", "first", "diagonal")
"""The columns of `table`, in the order of what is most telling after the entropy."""
NAMES = {
    "entropy": "entropy, nats", "previous": "previous token", "induction": "induction", "first": "first token",
    "diagonal": "itself",
}  # fmt: skip
TELLING = 0.3
"""A share of attention from which on a head is worth a look for it."""


def entropy(pattern: np.ndarray) -> np.ndarray:
    """Entropy of each query's attention in nats: (…, query, key) weights → (…, query); 0 ln 0 counts as 0."""
    weights = np.asarray(pattern)
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    found: np.ndarray = -np.einsum("...k,...k->...", weights, logs)
    return found


def table(patterns: np.ndarray, tokens: Sequence[str], keys: Sequence[str] | None = None) -> np.ndarray:
    """The scores of all heads of a layer, (heads, query, key) weights → float64 (heads, KINDS).

    Over other `keys` than the queries only entropy and first token mean anything; what means nothing is NaN.
    """
    found = np.full((len(patterns), len(KINDS)), np.nan)
    if patterns.shape[-2] < 2:
        return found
    found[:, 0] = entropy(patterns)[:, 1:].mean(-1)
    found[:, 3] = patterns[:, 1:, 0].mean(-1)
    if keys is None or keys == tokens:
        found[:, 1] = np.diagonal(patterns, -1, -2, -1).mean(-1)
        found[:, 2] = induction(patterns, tokens)
        found[:, 4] = np.diagonal(patterns, 0, -2, -1)[:, 1:].mean(-1)
    return found


def score(pattern: np.ndarray, tokens: Sequence[str], keys: Sequence[str] | None = None) -> HeadScores:
    """The scores of one head, from its (query, key) weights."""
    return HeadScores(**dict(zip(KINDS, table(pattern[None], tokens, keys)[0].tolist(), strict=True)))


def induction(pattern: np.ndarray, tokens: Sequence[str]) -> np.ndarray:
    """Prefix matching (Olsson et al. 2022): attention to what followed earlier occurrences of the query's token.

    Mean over the queries whose token has such an earlier occurrence, (…, query, key) → (…); NaN when none has.
    """
    count = len(tokens)
    ids = np.unique(np.asarray(tokens, dtype=object).astype(str), return_inverse=True)[1]
    follows = np.zeros((count, count), dtype=bool)  # (query, key)
    follows[:, 1:] = ids[:, None] == ids[None, :-1]
    follows &= np.tri(count, count, -1, dtype=bool)
    queries = follows.any(1)
    if not queries.any():
        return np.full(pattern.shape[:-2], np.nan)
    return np.asarray((pattern * follows).sum(-1)[..., queries].mean(-1))


def relation(tokens: Sequence[str], query: int, key: int) -> str:
    """Where a key stands, seen from a query, in a few words; the most telling description wins."""
    if key == query:
        return "itself"
    if key > query:
        return "the next token" if key == query + 1 else f"{key - query} tokens ahead"
    if key >= 1 and tokens[key - 1] == tokens[query]:
        return f"the token after the earlier {tokentext.quoted(tokens[query])}"
    if key == query - 1:
        return "the token before"
    if tokens[key] == tokens[query]:
        return "the same token, earlier"
    return "the first token" if key == 0 else f"{query - key} tokens back"
