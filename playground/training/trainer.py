"""The training loop: a generator of step reports. The caller owns pause, stop and threads."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.data.batch import IGNORE, Batch
from playground.data.corpus import Corpus
from playground.data.domainfeed import DomainsFeed
from playground.data.feeds import Feed, make_feed
from playground.data.modalities.tokens import Domained
from playground.data.questions import floor
from playground.spec.experiment import Experiment, TrainingSpec
from playground.spec.model import AttentionHeads, branches
from playground.training.averaging import Average
from playground.training.balance import imbalance, routed
from playground.training.device import autocast, bfloat16_is_faster
from playground.training.history import History
from playground.training.losses import smoothed, weighted
from playground.training.optimiser import Optimiser
from playground.training.report import StepReport
from playground.training.schedule import learning_rate
from playground.transformer.model import Transformer
from playground.transformer.taps import Taps

SPEED_WINDOW = 21
"""Steps whose median is the speed that is reported."""
VALIDATION_TOKENS = 4096
"""Tokens a validation looks at in one pass."""
PATIENCE = 25
"""Steps for which a loss may be far too high."""


class Diverged(Exception):
    """The loss or the gradient is no longer a number (the update was not applied, so the weights are still good), or the
    loss has stayed far above what it was and above what guessing gives."""


class Trainer:
    """EDTraining, ETraining and DTraining (Algorithms 11 to 13), on batch means instead of the printed sums."""

    def __init__(self, experiment: Experiment, model: Transformer, corpus: Corpus, device: torch.device) -> None:
        self.experiment, self.model, self.corpus, self.device = experiment, model.to(device), corpus, device
        self.step = 0
        self.history = History()
        self.optimiser = Optimiser(self.model, experiment.training)
        self.average = self._averaging(None)
        self.by_domain: dict[str, float] = {}
        """The held-out loss of each domain in the last validation, where there are several."""
        self.score: float | None = None
        """The share of questions answered without a mistake in the last validation; None for texts."""
        self.scores: dict[str, float] = {}
        """The same for each of the things that validation asks for, where there are several."""
        self.floor = floor(experiment)
        """The validation loss that no model can beat, where it is known."""
        generator = torch.Generator().manual_seed(experiment.seed)
        self.batches = self._batches(generator)
        self.drawn: Batch | None = None
        """The batch of the last step."""
        self.taps: Taps | None = None
        """Somebody who looks at the steps themselves, forwards and backwards."""
        self.dropout_state = torch.Generator().manual_seed(experiment.seed + 1).get_state()
        """The state of torch's CPU generator that dropout draws from; kept here so that nobody else moves it."""
        self.low: bool | None = None
        """Whether forward passes run in bfloat16; None until it has been measured."""
        self.checks_on_device = device.type == "cuda"
        """Whether the device itself leaves out an update that is not finite, where the optimiser can, so that nobody waits."""
        self._norms: tuple[list[str], Tensor] | None = None
        """The parameters that had a gradient in the last step, and the norms of it."""
        self._best, self._bad = math.inf, 0
        """The least loss so far, and how many steps it has stayed far above that."""
        self._times: deque[float] = deque(maxlen=SPEED_WINDOW)

    @property
    def training(self) -> TrainingSpec:
        """The training part of the experiment."""
        return self.experiment.training

    @property
    def seconds_per_step(self) -> float:
        """The median of the last steps; infinite before the first."""
        return statistics.median(self._times) if self._times else math.inf

    def update(self, experiment: Experiment) -> None:
        """Use other training settings from the next step on (a hot change)."""
        old, task, self.experiment = self.training, self.experiment.task, experiment
        self.model.take_dropout(experiment.model)
        if experiment.training.batch != old.batch or experiment.task != task:
            self.batches = self._batches(self.batches.generator)
            self._times.clear()
        if experiment.training.precision != old.precision:
            self.low = None
        if self.training.optimiser != old.optimiser:
            self.optimiser = Optimiser(self.model, self.training)
        self.optimiser.tune(self.training)
        self.average = self._averaging(self.average)

    def steps(self) -> Iterator[StepReport]:
        """Train for as long as the caller asks; every report is of a step that has been taken.

        Raises Diverged, before the update, when loss or gradient is not finite.
        """
        self.model.train()
        while True:
            self._choose_precision()  # here, because a hot change may ask for another one
            start = time.perf_counter()
            loss, norm, rate = self._step()
            took = time.perf_counter() - start
            self._times.append(took)
            self.step += 1
            validation = score = None
            if self.step % self.training.validate_every == 0:
                validation, score = self.validate(), self.score
            tokens = self.training.batch * self.experiment.model.n_ctx
            report = StepReport(self.step, loss, rate, norm, tokens / statistics.median(self._times), validation, score)
            self.history.add(report)
            self._watch(loss)
            yield report

    def _watch(self, loss: float) -> None:
        """Raises Diverged where the loss has stayed far above its best, and above that of guessing."""
        self._best = min(self._best, loss)
        guessing = math.log(self.experiment.model.vocab)
        bad = loss > 3.0 * self._best and loss > 2.0 * guessing
        self._bad = self._bad + 1 if bad else 0
        if self._bad >= PATIENCE:
            self._bad = 0
            raise Diverged(
                f"Training has diverged: for {PATIENCE} steps the loss has been above {2.0 * guessing:.1f} nats, twice that of "
                f"guessing, and it was {self._best:.2f} at best. Use a smaller learning rate or clipping, and start again."
            )

    @torch.no_grad()
    def validate(self) -> float:
        """Mean loss in nats per token over the fixed validation windows, of the averaged weights where there are such."""
        was_training = self.model.training
        self.model.eval()
        if isinstance(self.batches, DomainsFeed):
            with self.average.in_place() if self.average is not None else contextlib.nullcontext():
                loss = self._validate_domains(self.batches)
            self.model.train(was_training)
            return loss
        total, count, right = 0.0, 0, []
        with self.average.in_place() if self.average is not None else contextlib.nullcontext():
            for batch in self.batches.fixed(self.training.validation_windows, VALIDATION_TOKENS):
                logits, asked = self._logits(batch), batch.targets != IGNORE
                total += self._loss(logits, batch.targets, "sum").item()
                count += int(asked.sum())
                # greedy generation makes no mistake exactly where none of its steps does after the right answer so far
                right.append(((logits.argmax(-1).view_as(asked) == batch.targets) | ~asked).all(dim=1).float())
        self._score(torch.cat(right))
        self.model.train(was_training)
        return total / max(1, count)

    def _score(self, right: Tensor) -> None:
        """Keep the scores of answers, (sequences,) with 1 for those without a mistake."""
        examples = self.corpus.examples
        self.score = right.mean().item() if examples is not None else None
        names = examples.splits if examples is not None else ()
        self.scores = {name: right[at :: len(names)].mean().item() for at, name in enumerate(names) if at < len(right)}

    def _validate_domains(self, feed: DomainsFeed) -> float:
        """The mean of every domain's held-out loss by its weight."""
        total = weight = 0.0
        for name, batch in feed.held(self.training.validation_windows):
            loss = self._loss(self._logits(batch), batch.targets, "mean").item()
            self.by_domain[name] = loss
            share = float(getattr(feed.domains.weight, name))
            total, weight = total + share * loss, weight + share
        return total / max(weight, 1e-9)

    def _step(self) -> tuple[float, float, float]:
        """One optimiser step: loss before it, gradient norm before clipping, learning rate."""
        rate = learning_rate(self.training, self.step)
        self.optimiser.set_rate(rate, self.training)
        before = self._enter_dropout()
        loss = self._backward()
        self._leave_dropout(before)
        figures = torch.stack((loss, self._clipped()))
        ahead = self.checks_on_device and self.optimiser.skips
        if ahead:
            self.optimiser.step(found_inf=(~figures.isfinite().all()).float())
        value, norm = figures.tolist()  # the step's only wait for the device
        if not (math.isfinite(value) and math.isfinite(norm)):
            self.optimiser.zero_grad(set_to_none=True)
            raise Diverged(
                f"Training has diverged at step {self.step + 1:,}: the {'loss' if not math.isfinite(value) else 'gradient'} "
                "is no longer a number. The weights are those of the step before. Use a smaller learning rate or more warm-up."
            )
        if not ahead:
            self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.follow(self.training.average_decay)
        return value, norm, rate

    def _backward(self) -> Tensor:
        """Leave the gradient of a batch, computed in `accumulate` parts; its mean loss in nats per token, float32 ()."""
        batch = self.drawn = self.batches.draw()
        parts = min(self.training.accumulate, len(batch.tokens))
        # the mean over the batch is the sum of its parts' sums, by all its targets: parts may have different numbers of them
        several = batch.weights is not None  # whose weights add up to 1 over the whole batch
        reduction, count = ("mean", None) if parts == 1 or several else ("sum", (batch.targets != IGNORE).sum())
        losses = []
        for part in [batch] if parts == 1 else batch.parts(parts):
            with autocast(self.device, bool(self.low)), routed(self.model) as heard:
                logits = self._logits(part, self.taps)
                if several:
                    goal, loss = self._mixed(logits, part)
                else:
                    goal = loss = self._loss(logits, part.targets, reduction)
                if not several and self.training.label_smoothing:
                    smooth = self._loss(logits, part.targets, reduction, self.training.label_smoothing)
                    goal, loss = smooth, loss.detach()
            goal = goal if count is None else goal / count
            if heard:
                goal = goal + len(part.tokens) / len(batch.tokens) * imbalance(heard, part)
            goal.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        return torch.stack(losses).sum() / (1 if count is None else count)

    def _mixed(self, logits: Tensor, part: Batch) -> tuple[Tensor, Tensor]:
        """Of several domains: what the step makes smaller, and what is reported."""
        spread, tokenizer = self.experiment.task.domains.smoothing, self.corpus.tokenizer
        assert isinstance(tokenizer, Domained)
        if spread <= 0:
            loss = weighted(logits, part)
            return loss, loss
        return smoothed(logits, part, tokenizer.ranges, spread), weighted(logits.detach(), part)

    def _logits(self, batch: Batch, taps: Taps | None = None) -> Tensor:
        logits: Tensor = self.model(batch.tokens, taps=taps, **batch.reads)  # (batch, pos, vocab)
        return logits.flatten(0, 1).float()

    def _loss(self, logits: Tensor, targets: Tensor, reduction: str, smoothing: float = 0.0) -> Tensor:
        return F.cross_entropy(logits, targets.flatten(), reduction=reduction, label_smoothing=smoothing)

    def _clipped(self) -> Tensor:
        """Scale the gradient to at most `clip` and return its norm before, float32 ()."""
        named = [(name, p.grad) for name, p in self.model.named_parameters() if p.grad is not None]
        norms = torch.stack(torch._foreach_norm([gradient for _, gradient in named]))
        self._norms = [name for name, _ in named], norms
        norm: Tensor = torch.linalg.vector_norm(norms)
        if self.training.clip > 0:
            nn.utils.clip_grads_with_norm_(self.model.parameters(), self.training.clip, norm, foreach=True)
        return norm

    def gradients(self) -> dict[str, float] | None:
        """The norm of the last step's gradient by parameter, before clipping; None before the first step."""
        if self._norms is None:
            return None
        names, norms = self._norms
        return dict(zip(names, norms.tolist(), strict=True))

    def _choose_precision(self) -> None:
        if self.low is None:
            wish = self.training.precision
            part = -(-self.training.batch // self.training.accumulate)
            self.low = wish == "bfloat16" or (wish == "auto" and bfloat16_is_faster(self.model, part, self.device))

    def _enter_dropout(self) -> Tensor | None:
        if not self._drops():
            return None
        before = torch.get_rng_state()
        torch.set_rng_state(self.dropout_state)
        return before

    def _leave_dropout(self, before: Tensor | None) -> None:
        if before is not None:
            self.dropout_state = torch.get_rng_state()
            torch.set_rng_state(before)

    def _drops(self) -> bool:
        model = self.experiment.model
        parts = [part for layers in model.stacks.values() for layer in layers for _, part in branches(layer)]
        shares = [part.dropout for part in parts] + [p.pattern_dropout for p in parts if isinstance(p, AttentionHeads)]
        return model.embedding.dropout > 0 or any(share > 0 for share in shares)

    def _averaging(self, now: Average | None) -> Average | None:
        """The average that the settings ask for: the one there is, one that begins here, or none."""
        if self.training.average == "none":
            return None
        return now if now is not None else Average(self.model)

    def _batches(self, generator: torch.Generator) -> Feed:
        return make_feed(self.experiment, self.corpus, generator, self.device)
