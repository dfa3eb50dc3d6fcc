"""The models that can be opened, shipped and the person's own: what each is, read from experiment.toml and card.md alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from playground.places import documents, shipped
from playground.spec import cost, toml
from playground.spec.check import SpecError
from playground.spec.experiment import PYTHON_DOCS, Experiment, TaskSpec
from playground.spec.model import ModelSpec
from playground.ui.diagram.words import compact
from playground.ui.library import card as cards
from playground.ui.library.card import Card
from playground.ui.opening import EXPERIMENT

CARD = "card.md"


@dataclass(frozen=True)
class Entry:
    """One model folder. `experiment` is None for one that cannot be opened, and `problem` then says why, in a sentence."""

    folder: Path
    shipped: bool
    card: Card = field(repr=False)
    experiment: Experiment | None = field(repr=False)
    parameters: int = 0
    problem: str = ""
    changed: float = 0.0
    """When its experiment.toml was last written, in seconds since 1970."""

    @property
    def name(self) -> str:
        """The folder's name, which is what the window calls a model of the person's."""
        return self.folder.name

    @property
    def title(self) -> str:
        """The heading of a shipped card; an own model goes by the name that the person gave it."""
        return (self.card.title if self.shipped else "") or self.name

    @property
    def sentence(self) -> str:
        """What it is, in one sentence; for one without a card, what it learns from."""
        if self.experiment is None:
            return self.problem
        return self.card.sentence or _learns(self.experiment.task)

    @property
    def architecture(self) -> str:
        """decoder-only, encoder-only or encoder-decoder."""
        return self.experiment.model.architecture if self.experiment else ""

    @property
    def layers(self) -> int:
        """How many layers it has, in both stacks."""
        return sum(map(len, self.experiment.model.stacks.values())) if self.experiment else 0

    @property
    def facts(self) -> str:
        """Size and shape in a line: "443 K parameters · 4 layers · decoder-only"."""
        if self.experiment is None:
            return ""
        deep = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        return f"{compact(self.parameters)} parameters · {deep} · {self.architecture}"

    @property
    def expects(self) -> str:
        """Result and time in a line: "loss 2.63 nats per token · 47 s on one core"; empty where the card says neither."""
        result = self.card.result
        reached = f"loss {result}" if "nat" in result or "bit" in result else result
        return " · ".join(part for part in (reached, self.card.takes) if part)

    def matches(self, words: str) -> bool:
        """Whether every word stands in its title, folder, sentence, facts or card."""
        text = f"{self.title} {self.name} {self.sentence} {self.facts} {self.card.text}".casefold()
        return all(word in text for word in words.casefold().split())


def entries(own: Path | None = None) -> list[Entry]:
    """The person's own models, the latest first, then the shipped ones by size; `own` is where the person's lie.

    Those that cannot be opened stand last in their group, so that Enter at once opens something.
    """
    mine = [read(folder, shipped=False) for folder in _folders(own or documents())]
    given = [read(folder, shipped=True) for folder in _folders(shipped("models"))]
    mine.sort(key=lambda entry: (entry.experiment is None, -entry.changed, entry.name))
    given.sort(key=lambda entry: (entry.experiment is None, entry.name != "gpt", entry.parameters))  # the default first
    return mine + given


def read(folder: Path, *, shipped: bool) -> Entry:
    """The entry of one folder; a broken one is an entry too, with the sentence why. Never raises."""
    try:
        state = (folder / EXPERIMENT).stat()
    except OSError as error:
        return Entry(folder, shipped, Card(), None, problem=f"It cannot be read: {error.strerror or error}.")
    written = _card_time(folder)
    return _read(folder, shipped, (state.st_mtime_ns, state.st_size, written))


@lru_cache(maxsize=512)
def _read(folder: Path, shipped: bool, state: tuple[int, int, int]) -> Entry:
    """Read once for each state of the two files, so that opening the library again costs next to nothing."""
    card, when = _card(folder), state[0] / 1e9
    try:
        experiment = toml.load(folder / EXPERIMENT)
        parameters = (card.parameters if shipped else 0) or cost.parameters(_with_vocabulary(experiment))
        return Entry(folder, shipped, card, experiment, parameters, changed=when)
    except SpecError as error:
        return Entry(folder, shipped, card, None, problem=_why(error, folder), changed=when)


def _with_vocabulary(experiment: Experiment) -> ModelSpec:
    """The model with as many tokens as its tokenizer will have, where the file leaves that to the text."""
    model, pieces = experiment.model, experiment.task.tokenizer
    if "vocab" in model.model_fields_set or experiment.task.generated or pieces.kind not in ("bpe", "unigram"):
        return model
    return model.model_copy(update={"vocab": pieces.vocab})


def _why(error: SpecError, folder: Path) -> str:
    """The first reason, with its place, as a sentence about this folder."""
    first = error.problems[0]
    place = EXPERIMENT if first.path == str(folder / EXPERIMENT) else first.path
    more = len(error.problems) - 1
    rest = f", and {more} more" if more else ""
    return f"It cannot be opened: {place}: {first.message}{rest}."


def _folders(place: Path) -> Iterator[Path]:
    """The folders that say they are models, in a place that need not exist; half-written ones begin with a dot."""
    try:
        found = [path for path in place.iterdir() if not path.name.startswith(".")]
    except OSError:
        return
    yield from (path for path in found if (path / EXPERIMENT).exists() or (path / EXPERIMENT).is_symlink())


def _card(folder: Path) -> Card:
    try:
        return cards.read((folder / CARD).read_bytes().decode("utf-8-sig", "replace"))
    except OSError:
        return Card()


def _card_time(folder: Path) -> int:
    try:
        return (folder / CARD).stat().st_mtime_ns
    except OSError:
        return 0


def _learns(task: TaskSpec) -> str:
    """What a model without a card is for, from its task."""
    if task.generated:
        return f"Learns {task.kind.replace('-', ' ')}."
    source = "CPython’s own documentation" if task.text == PYTHON_DOCS else Path(task.text).name
    return f"Learns from {f'the {task.kind} of ' if task.table else ''}{source}."
