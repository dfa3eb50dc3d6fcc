"""The recording: snapshots of a run on a schedule that grows thinner with age, within a budget of memory and disk."""

from __future__ import annotations

import time
import weakref
from collections import deque
from dataclasses import dataclass, field, replace

from playground.data.corpus import Corpus
from playground.spec.experiment import Experiment
from playground.training.shelf import Packed, Shelf
from playground.training.state import state_of, weights_of
from playground.training.trainer import Trainer

STRIDE, DENSE, FULL = 8, 32.0, 8
"""Steps between two snapshots, how many of the newest stay that close together, and which of them have the whole state."""
FEWEST = 24
"""With fewer snapshots than this in memory, the oldest go to disk instead of being dropped."""
SHARE = 0.01
"""What recording may take of the time: where a snapshot costs more, the stride doubles."""


def young(step: int, now: int, stride: int, dense: float) -> bool:
    """Whether a step is a multiple of the stride that `now` still holds.

    A multiple that 2^r divides stays 2^r times as long, so the spacing doubles whenever the age does, and about
    `dense (1 + log2(now / (dense stride)) / 2)` steps stay.
    """
    count = step // stride
    return step % stride == 0 and now - step <= dense * stride * (count & -count)


def kept(step: int, now: int, stride: int, dense: float) -> bool:
    """Whether the schedule holds a step at `now`: 0 and all powers of two, and the multiples of the stride that are young.

    What has been dropped is never wanted again, so the schedule is a rule of two numbers and remembers nothing.
    """
    return step & (step - 1) == 0 or young(step, now, stride, dense)


@dataclass(frozen=True)
class Snapshot:
    """The weights after `step` steps, and the whole state of training where it is kept (`state`).

    `begins` an `era` where no training leads to it; `mark` says what was changed there by hand. `changes` tells how many of
    the recording's hot changes had been made.
    """

    step: int
    experiment: Experiment
    corpus: Corpus
    weights: Packed
    state: Packed | None
    era: int = 0
    changes: int = 0
    begins: bool = False
    mark: str = ""


@dataclass(eq=False)
class Recording:
    """The snapshots of one run, by step. Recordings that were forked from each other share snapshots and a shelf."""

    shelf: Shelf = field(default_factory=Shelf)
    share: float = SHARE
    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    changes: list[tuple[int, Experiment]] = field(default_factory=list)
    """Hot changes: the step that was last before, and the experiment from then on."""
    stride: int = STRIDE
    dense: float = DENSE
    era: int = 0
    off: bool = False
    """A model so large that not even two of its steps find room is not recorded."""

    def __post_init__(self) -> None:
        self._costs: deque[float] = deque(maxlen=5)
        self.shelf.users.append(weakref.ref(self))
        self.version = 0
        """Counts what is recorded and dropped."""

    # -- recording ----------------------------------------------------------------------------------------------

    def begin(self, trainer: Trainer, corpus: Corpus, mark: str = "") -> None:
        """Record a step that no training leads to: the first, or the first of another architecture, or one after a fault."""
        self.era += 1
        self._take(trainer, corpus, whole=True, begins=True, mark=mark)

    def follow(self, trainer: Trainer, corpus: Corpus) -> float:
        """Record the step just taken if it is due; seconds it took."""
        if self.off or not kept(trainer.step, trainer.step, self.stride, self.dense):
            return 0.0
        start = time.perf_counter()
        whole = trainer.step % (self.stride * FULL) == 0
        self._take(trainer, corpus, whole=whole)
        took = time.perf_counter() - start
        if not whole:
            self._costs.append(took)
        # the least of them: what else the machine was doing is not held against recording
        if len(self._costs) == self._costs.maxlen and min(self._costs) > self.share * trainer.seconds_per_step * self.stride:
            self.stride *= 2
            self._costs.clear()
        return took

    def note(self, trainer: Trainer) -> None:
        """Training goes on with other settings from here."""
        self.changes.append((trainer.step, trainer.experiment))

    def _take(self, trainer: Trainer, corpus: Corpus, *, whole: bool, begins: bool = False, mark: str = "") -> None:
        if self.off:
            return
        state = self.shelf.pack(state_of(trainer)) if whole else None
        weights, step = self.shelf.pack(weights_of(trainer.model)), trainer.step
        if weights.bytes + (state.bytes if state else 0) > max(self.shelf.memory, self.shelf.disk) / 2:
            self.off = True
            return
        old = self.snapshots.pop(step, None)
        self.snapshots[step] = Snapshot(
            step, trainer.experiment, corpus, weights, state, self.era, len(self.changes), begins, old.mark if old else ""
        )
        if mark:
            self.mark(step, mark)
        self.version += 1
        self._thin(step)
        self._fit()

    # -- what is recorded ---------------------------------------------------------------------------------------

    def steps(self) -> tuple[int, ...]:
        """The recorded steps, ascending."""
        return tuple(self.snapshots)

    def marks(self) -> tuple[tuple[int, str], ...]:
        """Where something was changed by hand, and what."""
        return tuple((step, each.mark) for step, each in self.snapshots.items() if each.mark)

    def mark(self, step: int, words: str) -> None:
        """Say what was done at a recorded step."""
        each = self.snapshots[step]
        self.snapshots[step] = replace(each, mark=" · ".join(filter(None, (each.mark, words))))
        self.version += 1

    def nearest(self, step: int) -> Snapshot | None:
        """The snapshot nearest to a step, the earlier of two."""
        return min(self.snapshots.values(), key=lambda each: (abs(each.step - step), each.step), default=None)

    def whole_before(self, target: Snapshot) -> Snapshot | None:
        """The last whole state at or before a snapshot from which training leads to it."""
        found = [each for each in self.snapshots.values()
                 if each.state is not None and each.step <= target.step and each.era == target.era]  # fmt: skip
        return found[-1] if found else None

    def fork(self, step: int) -> Recording:
        """A recording that shares what is recorded up to a step, to go on by another way."""
        shared = {at: each for at, each in self.snapshots.items() if at <= step}
        last = max((each.changes for each in shared.values()), default=0)
        return Recording(self.shelf, self.share, shared, self.changes[:last], self.stride, self.dense, self.era, self.off)

    def afresh(self) -> Recording:
        """An empty recording on the same shelf."""
        return Recording(self.shelf, self.share)

    # -- growing thinner ----------------------------------------------------------------------------------------

    def _thin(self, now: int) -> None:
        """Drop what the schedule no longer holds; whole states grow thin sooner than weights."""
        first = next(iter(self.snapshots), now)
        for step, each in list(self.snapshots.items()):
            if step in (first, now) or each.begins:
                continue
            if not kept(step, now, self.stride, self.dense):
                del self.snapshots[step]
            elif each.state is not None and not young(step, now, self.stride * FULL, self.dense / 2):
                self.snapshots[step] = replace(each, state=None)

    def _fit(self) -> None:
        """Make room: first what only recordings of the past hold, then thinner, then on disk, and in the end step by step."""
        while self.shelf.taken()[0] > self.shelf.memory:
            if self._clear_others():
                continue
            if len(self.snapshots) > FEWEST and self.dense >= 1:
                self.dense *= 0.75
                self._thin(next(reversed(self.snapshots)))
            elif not self._spill() and not self._drop():
                return

    def _clear_others(self) -> bool:
        """Let the recording that was left longest ago go, where it holds anything that this one does not."""
        users = [(user, user()) for user in self.shelf.users]
        # the one at work goes to the end, and what is no more goes
        self.shelf.users = [user for user, other in users if other not in (None, self)] + [weakref.ref(self)]
        for _, other in users:
            if not isinstance(other, Recording) or other is self:
                continue
            shared = {step: each for step, each in other.snapshots.items() if self.snapshots.get(step) is each}
            if len(shared) < len(other.snapshots):
                other.snapshots, other.version = shared, other.version + 1
                return True
        return False

    def _spill(self) -> bool:
        """Move the oldest of what lies in memory to disk."""
        for each in self.snapshots.values():
            for thing in (each.weights, each.state):
                if thing is not None and not thing.on_disk:
                    return self.shelf.move(thing)
        return False

    def _drop(self) -> bool:
        """Drop the oldest snapshot between the first and the newest, and their states last of all."""
        steps = self.steps()
        if len(steps) > 2:
            del self.snapshots[steps[1]]
            return True
        for step, each in self.snapshots.items():
            if each.state is not None:
                self.snapshots[step] = replace(each, state=None)
                return True
        return False
