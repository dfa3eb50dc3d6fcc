"""A small grammar of English sentences, few enough that every probability in it is known."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, product
from math import log, prod

import numpy as np

from playground.data.tasks.task import Stream

Rules = dict[str, dict[str, float]]
RULES: Rules = {
    "sentence": {"one does thing": 0.6, "many do thing": 0.4},
    "thing": {"one": 0.6, "many": 0.4},
    "one": {"det1 noun1": 0.5, "det1 adj noun1": 0.5},
    "many": {"det2 noun2": 0.5, "det2 adj noun2": 0.5},
    "det1": {"the": 0.6, "a": 0.4},
    "det2": {"the": 0.6, "some": 0.4},
    "adj": {"small": 0.4, "old": 0.3, "red": 0.2, "happy": 0.1},
    "noun1": {"dog": 0.4, "cat": 0.3, "bird": 0.2, "child": 0.1},
    "noun2": {"dogs": 0.4, "cats": 0.3, "birds": 0.2, "children": 0.1},
    "does": {"sees": 0.4, "likes": 0.3, "chases": 0.2, "hears": 0.1},
    "do": {"see": 0.4, "like": 0.3, "chase": 0.2, "hear": 0.1},
}
"""What each name can become, and with which chance; what is no name is a word. Subject and verb agree in number."""


@dataclass(frozen=True)
class Grammar(Stream):
    """Sentences of `RULES`. The grammar itself is to be learned, so training and validation are drawn alike."""

    name = "grammar"
    title = "Small grammar"
    help = "Sentences in which subject and verb agree. The loss can fall to the entropy of the grammar and not below."
    cite = "Chomsky 1956; Booth & Thompson 1973"
    url = "https://doi.org/10.1109/T-C.1973.223746"
    joint = " "
    held_share = 0.0
    symbols = tuple(dict.fromkeys(w for bodies in RULES.values() for body in bodies for w in body.split() if w not in RULES))

    def sequence(self, rng: np.random.Generator) -> tuple[int, ...]:
        """A sentence, rule by rule from the left."""
        # Python's generator draws one number at a time ten times as fast
        return tuple(self._grown("sentence", random.Random(int(rng.integers(1 << 62)))))

    def longest(self) -> tuple[int, int]:
        """Two nouns with their adjectives, and a verb."""
        return 0, max(map(len, self.sentences))

    def mean_length(self) -> float:
        """Expected words of a sentence."""
        return sum(chance * len(sentence) for sentence, chance in self.sentences.items())

    def entropy(self) -> float | None:
        """From the probabilities of all sentences."""
        return -sum(chance * log(chance) for chance in self.sentences.values())

    @cached_property
    def sentences(self) -> dict[tuple[int, ...], float]:
        """Every sentence with its probability."""
        found: dict[tuple[int, ...], float] = {}
        for sentence, chance in self._expanded("sentence"):
            found[sentence] = found.get(sentence, 0.0) + chance
        return found

    def masked_floor(self, ratio: float | None = None) -> float | None:
        """Exact, from all sentences and all ways to hide words; how long the sentence is can be seen."""
        nats = hidden = 0.0
        for length in sorted(set(map(len, self.sentences))):
            chosen = {sentence: chance for sentence, chance in self.sentences.items() if len(sentence) == length}
            words, chances = np.array(list(chosen)), np.array(list(chosen.values()))
            for pattern in product((False, True), repeat=length):
                weight = _weight(sum(pattern), length, ratio)
                if weight:
                    hidden += weight * sum(pattern) * float(chances.sum())
                    nats += weight * self._nats(words, chances, np.array(pattern))
        return nats / hidden

    def _nats(self, words: np.ndarray, chances: np.ndarray, pattern: np.ndarray) -> float:
        """Nats of the hidden words, each by itself given the others; words (sentence, place), pattern (place,)."""
        base = len(self.symbols)
        seen = (words[:, ~pattern] * base ** np.arange(int((~pattern).sum()))).sum(axis=1)
        given = np.unique(seen, return_inverse=True)[1]
        total = 0.0
        for place in np.flatnonzero(pattern):
            joint = np.bincount(given * base + words[:, place], chances)
            joint = joint[joint > 0]
            total -= float((joint * np.log(joint)).sum())
        context = np.bincount(given, chances)
        return total + int(pattern.sum()) * float((context * np.log(context)).sum())

    def _expanded(self, name: str) -> Iterator[tuple[tuple[int, ...], float]]:
        """All that a name can become."""
        if name not in RULES:
            yield (self.ids[name],), 1.0
            return
        for body, chance in RULES[name].items():
            for parts in product(*(list(self._expanded(part)) for part in body.split())):
                words = tuple(word for part, _ in parts for word in part)
                yield words, chance * prod(share for _, share in parts)

    def _grown(self, name: str, chance: random.Random) -> Iterator[int]:
        bodies, sums = _SPLIT[name]
        for part in bodies[bisect(sums, chance.random(), hi=len(sums) - 1)]:
            if part in RULES:
                yield from self._grown(part, chance)
            else:
                yield self.ids[part]


_SPLIT = {name: ([body.split() for body in rules], list(accumulate(rules.values()))) for name, rules in RULES.items()}


def _weight(hidden: int, length: int, ratio: float | None) -> float:
    """The chance of hiding exactly these words of a sentence: see `Task.masked_floor`."""
    single = 1 / length if hidden == 1 else 0.0
    if ratio is None:
        return single
    return ratio**hidden * (1 - ratio) ** (length - hidden) * (hidden > 0) + single * (1 - ratio) ** length
