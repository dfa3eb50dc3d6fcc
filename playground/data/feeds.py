"""Feeds: where the trainer's batches come from, random ones to learn from and fixed ones to be tested on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from playground.data.batch import Batch
from playground.data.batches import Batches, windows
from playground.data.corpus import Corpus
from playground.data.objectives import Objective, Special, answered, dropped, following, halves, masked, prefixed
from playground.data.special import Marked
from playground.spec.experiment import Experiment

FIXED = 1234
"""The seed of whatever is random in a validation batch, so that all of them are the same."""


def make_feed(experiment: Experiment, corpus: Corpus, generator: torch.Generator, device: torch.device) -> Feed:
    """The batches of an experiment; raises ValueError where the corpus holds not one."""
    tokenizer, task = corpus.tokenizer, experiment.task
    if corpus.library is not None:
        from playground.data.domainfeed import DomainsFeed  # here, because that one is a feed as well

        model, training = experiment.model, experiment.training
        return DomainsFeed(corpus.library, task.domains, model.n_ctx, training.batch, generator, device)
    special = Special(tokenizer.mask, tokenizer.bos, tokenizer.eos, tokenizer.gist) if isinstance(tokenizer, Marked) else None
    if corpus.examples is not None and special is not None:
        layers = experiment.model.decoder
        causal = bool(layers) and all(layer.attention is None or layer.attention.mask == "causal" for layer in layers)
        causal = causal and not experiment.model.encoder
        return ExamplesFeed(
            corpus.examples.train, corpus.examples.validation, experiment.training.batch, generator, device,
            objective=experiment.objective, special=special, causal=causal, ratio=task.mask_ratio, rule=task.mask_rule,
            word_drop=task.word_drop,
        )  # fmt: skip
    return TextFeed(
        corpus.train, corpus.validation, experiment.model.n_ctx, experiment.training.batch, generator, device,
        objective=experiment.objective, special=special, ratio=task.mask_ratio, rule=task.mask_rule,
    )  # fmt: skip


class Feed(ABC):
    """Batches of one experiment. The `generator`'s state decides what comes next, so it belongs into checkpoints."""

    generator: torch.Generator
    batch: int

    @abstractmethod
    def draw(self) -> Batch:
        """A random batch of the training part, on the device."""

    @abstractmethod
    def fixed(self, count: int, at_once: int) -> Iterator[Batch]:
        """`count` sequences of the validation part, always the same, `at_once` tokens or so in a batch; on the device."""


class TextFeed(Feed):
    """Windows of a text."""

    def __init__(
        self,
        train: Tensor,
        validation: Tensor,
        n_ctx: int,
        batch: int,
        generator: torch.Generator,
        device: torch.device,
        *,
        objective: Objective = "next",
        special: Special | None = None,
        ratio: float = 0.15,
        rule: Literal["always", "bert"] = "always",
    ) -> None:
        """`train` and `validation` (tokens,) integers; all objectives but "next" and "prefix" need the special tokens.

        Raises ValueError when a part holds not one window and the token after it.
        """
        self.batch, self.generator, self.device, self.n_ctx = batch, generator, device, n_ctx
        self._drawn = Batches(train, n_ctx, batch, generator, device)
        self._validation = validation
        self._objective, self._special, self._ratio, self._rule = objective, special, ratio, rule

    def draw(self) -> Batch:
        """A random batch."""
        return self._shaped(self._drawn.windows(), self.generator)

    def fixed(self, count: int, at_once: int) -> Iterator[Batch]:
        """Windows spread evenly over the validation text."""
        inputs, targets = windows(self._validation, self.n_ctx, count)
        whole = torch.cat((inputs, targets[:, -1:]), dim=1)  # (count, n_ctx + 1)
        generator = torch.Generator().manual_seed(FIXED)
        for rows in torch.split(whole, max(1, at_once // self.n_ctx)):
            yield self._shaped(rows.to(self.device), generator)

    def _shaped(self, rows: Tensor, generator: torch.Generator) -> Batch:
        """Windows (batch, n_ctx + 1) as the objective reads them."""
        if self._objective == "next":
            return following(rows)
        if self._objective == "prefix":
            return prefixed(rows, generator)
        assert self._special is not None
        if self._objective == "masked":
            return masked(rows[:, :-1], self._ratio, self._rule, self._special.mask, generator)
        return halves(rows, self._special.bos)


class ExamplesFeed(Feed):
    """Questions with their answers."""

    def __init__(
        self,
        train: tuple[Tensor, Tensor, Tensor, Tensor],
        validation: tuple[Tensor, Tensor, Tensor, Tensor],
        batch: int,
        generator: torch.Generator,
        device: torch.device,
        *,
        objective: Objective,
        special: Special,
        causal: bool,
        ratio: float = 0.15,
        rule: Literal["always", "bert"] = "always",
        word_drop: float = 0.0,
    ) -> None:
        """Each part is source (n, s), source lengths (n,), target (n, t) and target lengths (n,), padded at the end.

        Where every layer is `causal`, nothing sees the padding behind it and its extent is not passed on, which is faster.
        Texts without a question (s = 0) are masked at random where the objective is "masked". `word_drop` is the
        share of the words of instructions, which stand before gist tokens, that are hidden in random batches.
        """
        self.batch, self.generator, self.device = batch, generator, device
        self._train, self._validation = (tuple(each.to(device) for each in part) for part in (train, validation))
        self._objective, self._special, self._causal = objective, special, causal
        self._ratio, self._rule, self._word_drop = ratio, rule, word_drop

    def draw(self) -> Batch:
        """A random batch."""
        index = torch.randint(len(self._train[0]), (self.batch,), generator=self.generator).to(self.device)
        source, *others = (each[index] for each in self._train)
        if self._word_drop and self._special.gist is not None:
            source = dropped(source, self._word_drop, self._special, self.generator)
        return self._shaped((source, *others), self.generator)

    def fixed(self, count: int, at_once: int) -> Iterator[Batch]:
        """The first `count` of the validation part, or all there are."""
        generator = torch.Generator().manual_seed(FIXED)
        rows = max(1, at_once // max(1, self._validation[0].shape[1] + self._validation[2].shape[1] + 1))
        count = min(count, len(self._validation[0]))
        for start in range(0, count, rows):
            yield self._shaped(tuple(each[start : min(start + rows, count)] for each in self._validation), generator)

    def _shaped(self, rows: tuple[Tensor, ...], generator: torch.Generator) -> Batch:
        source, source_lengths, target, target_lengths = rows
        if self._objective == "masked" and not source.shape[1]:
            return masked(target, self._ratio, self._rule, self._special.mask, generator, target_lengths)
        if self._objective == "sequence" and not source.shape[1]:  # an encoder with nothing to read reads that it begins
            source, source_lengths = target.new_full((len(target), 1), self._special.bos), torch.ones_like(target_lengths)
        made = answered(source, source_lengths, target, target_lengths, self._special, self._objective)
        return replace(made, lengths=None) if self._causal else made
