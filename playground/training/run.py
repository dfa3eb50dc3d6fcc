"""A run: an experiment with its text, its model and its trainer; made fresh, opened from a folder, or changed into another."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from playground.data.corpus import Corpus, load_corpus, with_marks
from playground.data.errors import DataError
from playground.data.questions import load_pairs, load_questions, questions_fit
from playground.data.special import plain
from playground.data.text import Asked, Tick
from playground.data.tokenizer import SETTINGS, Tokenizer, load_tokenizer
from playground.data.worlds.library import load_domains
from playground.spec import edit, toml
from playground.spec.experiment import DOMAINS, Experiment
from playground.spec.layers import Origins, moves
from playground.training import checkpoint
from playground.training.device import choose
from playground.training.recording import Recording
from playground.training.trainer import Trainer
from playground.transformer.graft import GraftReport, carried, graft, remembered
from playground.transformer.model import build


def _silent(job: str, share: float | None) -> None:
    """Nobody watches."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Run:
    """Everything that trains together. `apply` and `restart` make another Run and leave this one usable."""

    experiment: Experiment
    corpus: Corpus
    trainer: Trainer
    name: str = ""
    recording: Recording = field(default_factory=Recording)
    """Its past, as far as somebody has recorded it."""

    @property
    def device(self) -> torch.device:
        """Where it trains."""
        return self.trainer.device

    @classmethod
    def fresh(
        cls,
        experiment: Experiment,
        *,
        device: str = "auto",
        tokenizer: Tokenizer | None = None,
        name: str = "",
        progress: Tick = _silent,
        cancelled: Asked = _never,
    ) -> Run:
        """A run from its seed. Raises DataError, DeviceError, SpecError, Cancelled."""
        where = choose(device)
        corpus = _corpus(experiment, tokenizer, progress, cancelled)
        experiment = _settled(experiment, corpus)
        model = build(experiment.model, experiment.seed)
        return cls(experiment, corpus, Trainer(experiment, model, corpus, where), name)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        device: str = "auto",
        text: str | None = None,
        progress: Tick = _silent,
        cancelled: Asked = _never,
    ) -> Run:
        """A run from a model folder: its weights and training state where it has them, a fresh start where not.

        With another `text` the pieces of its tokenizer are kept and so are the weights; characters are taken from the
        new text, which is a fresh start. Raises DataError, CheckpointError, DeviceError, SpecError, Cancelled.
        """
        where = choose(device)
        experiment = toml.load(folder / checkpoint.EXPERIMENT)
        other = text is not None and text != experiment.task.text
        if text is not None:
            experiment = edit.replaced(experiment, "task.text", text)
        tokenizer = load_tokenizer(folder) if (folder / SETTINGS).is_file() else None
        if other and experiment.task.tokenizer.kind == "characters":
            tokenizer = None
        weights = checkpoint.load_weights(folder) if tokenizer is not None else None
        corpus = _corpus(experiment, tokenizer, progress, cancelled)
        experiment = _settled(experiment, corpus)
        model = build(experiment.model, experiment.seed)
        if weights is not None:
            checkpoint.fill(model, weights, folder)
        trainer = Trainer(experiment, model, corpus, where)
        if weights is not None and not other and not checkpoint.restore(trainer, folder):
            trainer.step = checkpoint.steps_taken(folder)  # the schedule goes on from there
        return cls(experiment, corpus, trainer, folder.name)

    def apply(
        self, experiment: Experiment, progress: Tick = _silent, cancelled: Asked = _never, origins: Origins | None = None
    ) -> tuple[Run, Literal["hot", "graft", "fresh"], str]:
        """The run of another experiment, what kind of change that was, and what was kept, in words.

        `origins` say where its layers were, so that their weights move with them.
        """
        kind = edit.change(self.experiment, experiment)
        if kind in ("same", "hot") and moves(origins):  # equal layers change places
            kind = "graft"
        if kind in ("same", "hot"):
            self.trainer.update(experiment)
            self.recording.note(self.trainer)
            return Run(experiment, self.corpus, self.trainer, self.name, self.recording), "hot", ""
        if kind == "graft":
            return self._grafted(experiment, progress, cancelled, origins)
        same_text = _text_of(experiment) == _text_of(self.experiment)
        tokenizer = (
            plain(self.corpus.tokenizer) if experiment.task.tokenizer == self.experiment.task.tokenizer and same_text else None
        )
        corpus = (
            with_marks(self.corpus, experiment.marked, experiment.gisted)
            if same_text
            else _corpus(experiment, tokenizer, progress, cancelled)
        )
        experiment = _settled(experiment, corpus)
        model = build(experiment.model, experiment.seed)
        trainer = Trainer(experiment, model, corpus, self.device)
        return (
            Run(experiment, corpus, trainer, self.name, self.recording.afresh()),
            "fresh",
            "Started again with fresh weights; undo brings the old ones back.",
        )

    def stage(self, experiment: Experiment) -> Run:
        """Another stage of training: `apply`, and then optimiser, schedule and steps begin anew with the weights as they are.

        Raises what `apply` raises.
        """
        run, _, _ = self.apply(experiment)
        return Run(run.experiment, run.corpus, Trainer(run.experiment, run.trainer.model, run.corpus, self.device), self.name)

    def read_again(self, progress: Tick = _silent, cancelled: Asked = _never) -> tuple[Run, Literal["hot", "fresh"], str]:
        """A fresh run where the text has changed on disk since it was read, else this one. Raises DataError and Cancelled."""
        if self.experiment.task.generated:
            return self, "hot", ""
        corpus = _corpus(self.experiment, None, progress, cancelled)
        if corpus.digest == self.corpus.digest:
            return self, "hot", ""
        experiment = _settled(self.experiment, corpus)
        model = build(experiment.model, experiment.seed)
        trainer = Trainer(experiment, model, corpus, self.device)
        run = Run(experiment, corpus, trainer, self.name, self.recording.afresh())
        return run, "fresh", f"{corpus.name} has changed on disk; training starts again with fresh weights."

    def restart(self) -> Run:
        """The same experiment from its seed, step 0."""
        model = build(self.experiment.model, self.experiment.seed)
        trainer = Trainer(self.experiment, model, self.corpus, self.device)
        return Run(self.experiment, self.corpus, trainer, self.name, self.recording.afresh())

    def _grafted(
        self, experiment: Experiment, progress: Tick, cancelled: Asked, origins: Origins | None
    ) -> tuple[Run, Literal["graft"], str]:
        old = self.trainer
        corpus = with_marks(self.corpus, experiment.marked, experiment.gisted)  # a BERT knows a few tokens more than a GPT
        experiment = _settled(experiment, corpus)
        if _text_of(experiment) == _text_of(self.experiment):
            _corpus_fits(experiment, corpus)
        else:  # another context has room for other pairs, and gist tokens stand behind instructions
            corpus = _corpus(experiment, plain(corpus.tokenizer), progress, cancelled)
        model, report = graft(old.model, experiment.model, experiment.seed, origins)
        trainer = Trainer(experiment, model, corpus, self.device)
        trainer.step, trainer.history, trainer.dropout_state = old.step, old.history.copy(), old.dropout_state
        trainer.batches.generator.set_state(old.batches.generator.get_state())
        if experiment.training.precision == old.training.precision:
            trainer.low = old.low  # measuring it anew would hold up the first step by half a second
        _carry_optimiser(old, trainer, report)
        if old.average is not None and trainer.average is not None:
            averages, fresh = old.average.weights, trainer.average.weights
            kept = {name: carried(carry, averages.get(carry.source), fresh[name]) for name, carry in report.carries.items()}
            trainer.average.restore(kept, old.average.steps)
        recording = self.recording.fork(old.step)
        return Run(experiment, corpus, trainer, self.name, recording), "graft", report.sentence


def _carry_optimiser(old: Trainer, new: Trainer, report: GraftReport) -> None:
    """Give the weights that were kept the memory that the optimiser has of them, carried as they were."""
    source: dict[str, torch.nn.Parameter] = dict(old.model.named_parameters())
    for name, parameter in new.model.named_parameters():
        carry = report.carries[name]
        if carry.source and (memory := old.optimiser.state.get(source[carry.source])):
            new.optimiser.state[parameter] = remembered(carry, memory)


def _corpus(experiment: Experiment, tokenizer: Tokenizer | None, progress: Tick, cancelled: Asked) -> Corpus:
    if experiment.task.table:
        return load_pairs(experiment, tokenizer, progress, cancelled)
    if experiment.task.generated:
        return load_questions(experiment)
    if experiment.task.kind == DOMAINS:
        return load_domains(experiment, tokenizer, progress, cancelled)
    return load_corpus(
        experiment.task,
        tokenizer=tokenizer,
        progress=progress,
        cancelled=cancelled,
        n_ctx=experiment.model.n_ctx,
        marked=experiment.marked,
    )


def _corpus_fits(experiment: Experiment, corpus: Corpus) -> None:
    if corpus.examples is not None:
        questions_fit(experiment, corpus.examples)
        return
    shortest = min(len(corpus.train), len(corpus.validation))
    if shortest < experiment.model.n_ctx + 1:
        raise DataError(
            f"{corpus.name} is too short for a context of {experiment.model.n_ctx}.",
            f"Its validation part has {shortest:,} tokens.",
            "Use a smaller context or a longer text.",
        )


def _text_of(experiment: Experiment) -> tuple[object, ...]:
    """What decides which tokens there are, whatever is asked of them."""
    task, model = experiment.task, experiment.model
    drawn = (task.examples, experiment.seed) if task.kind != "text" else ()
    room = (model.n_ctx, model.architecture) if task.table else ()
    gist = model.gist.tokens if experiment.gisted else 0
    domains = task.domains
    asked = (domains.target, domains.ask_pixels, domains.pictures, domains.episodes)
    several = (model.embedding.modalities, *asked) if task.kind == DOMAINS else ()
    return task.kind, task.text, task.tokenizer, task.validation, drawn, room, gist, several


def _settled(experiment: Experiment, corpus: Corpus) -> Experiment:
    """The experiment with the vocabulary that its tokenizer has."""
    return edit.replaced(experiment, "model.vocab", corpus.tokenizer.vocab)
