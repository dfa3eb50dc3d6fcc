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


def entropy(pattern: np.ndarray) -> np.ndarray:
    """Entropy of each query's attention in nats: (…, query, key) weights → (…, query); 0 ln 0 counts as 0."""
    weights = np.asarray(pattern, dtype=np.float64)
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    return -np.asarray((weights * logs).sum(-1))


def score(pattern: np.ndarray, tokens: Sequence[str], keys: Sequence[str] | None = None) -> HeadScores:
    """The scores of one head, from its (query, key) weights; over other `keys` than the queries only two mean anything."""
    nan = float("nan")
    if len(pattern) < 2:
        return HeadScores(nan, nan, nan, nan, nan)
    if keys is not None and keys != tokens:
        return HeadScores(float(entropy(pattern)[1:].mean()), nan, float(pattern[1:, 0].mean()), nan, nan)
    return HeadScores(
        entropy=float(entropy(pattern)[1:].mean()),
        previous=float(np.diagonal(pattern, -1).mean()),
        first=float(pattern[1:, 0].mean()),
        diagonal=float(np.diagonal(pattern)[1:].mean()),
        induction=induction(pattern, tokens),
    )


def induction(pattern: np.ndarray, tokens: Sequence[str]) -> float:
    """Prefix matching (Olsson et al. 2022): attention to what followed earlier occurrences of the query's token.

    Mean over the queries whose token has such an earlier occurrence; NaN when none has.
    """
    count = len(tokens)
    ids = np.unique(np.asarray(tokens, dtype=object).astype(str), return_inverse=True)[1]
    follows = np.zeros((count, count), dtype=bool)  # (query, key)
    follows[:, 1:] = ids[:, None] == ids[None, :-1]
    follows &= np.tri(count, count, -1, dtype=bool)
    queries = follows.any(1)
    return float((pattern * follows).sum(1)[queries].mean()) if queries.any() else float("nan")


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
