"""The words the window speaks to the engine: frozen commands, answered in order between two steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playground.spec.experiment import Experiment
from playground.spec.intervention import Intervention
from playground.spec.layers import Origins
from playground.views.frames import Look


@dataclass(frozen=True)
class Command:
    """Anything that can be sent to the engine."""


@dataclass(frozen=True)
class Play(Command):
    """Train until told otherwise."""


@dataclass(frozen=True)
class Pause(Command):
    """Stop after the step under way."""


@dataclass(frozen=True)
class Step(Command):
    """Pause, then take `count` optimiser steps."""

    count: int = 1


@dataclass(frozen=True)
class Narrate(Command):
    """Pause, then take one optimiser step and tell all of it, as a picture of the view "motion"."""


@dataclass(frozen=True)
class Restart(Command):
    """Fresh weights from the seed, step 0, the same experiment."""


@dataclass(frozen=True)
class Apply(Command):
    """Make this the experiment: hot, graft or fresh, whichever it takes. Answered by `Applied` or a `Fault`.

    `number` comes back with the answer, so that the sender knows which of several edits it was. `origins` say where the
    layers were, for weights to move with them. `back` is for undo and redo: the number of the Apply or OpenModel that had
    led here before, whose run comes back with its weights if it is still remembered. `again` reads the text anew, which is
    a fresh start where it has changed on disk. `stage` begins another stage of training: the weights go on, while steps,
    schedule and optimiser begin again.
    """

    experiment: Experiment
    number: int = 0
    origins: Origins | None = None
    back: int | None = None
    again: bool = False
    stage: bool = False


@dataclass(frozen=True)
class Intervene(Command):
    """Let these interventions, and no others, be in force from the next step on. Those whose part is not there wait."""

    interventions: tuple[Intervention, ...] = ()


@dataclass(frozen=True)
class OpenModel(Command):
    """Load a model folder (experiment.toml, tokenizer, weights, perhaps training state), optionally on another text."""

    folder: Path
    text: str | None = None
    number: int = 0


@dataclass(frozen=True)
class Save(Command):
    """Write the whole state to a folder, so that training can go on from it. Answered by `Saved` or a `Fault`.

    `aside` is for the application's own care, in case it crashes: the person has not asked for it.
    """

    folder: Path
    aside: bool = False


@dataclass(frozen=True)
class Watch(Command):
    """What a view wants to see from now on; None when nobody looks at it any more. `beside` is for the run that the model is
    compared with."""

    view: str
    look: Look | None
    beside: bool = False


@dataclass(frozen=True)
class Again(Command):
    """A view has more to show though nothing was trained: its probe has something finished meanwhile. Sent by the probe."""

    view: str


@dataclass(frozen=True)
class Ask(Command):
    """Keep answering this prompt (an empty one: stop) while the model learns.

    `temperature` 0 is argmax; `top_k` 0, `top_p` 1 and `repetition` 1 change nothing. Every answer draws the same random
    numbers, by `seed`, so it moves only because the model does. With 2 `beams` or more the most probable answer is searched
    for, and nothing is drawn. `forced` are the ids that the answer begins with (they count to its length), or for blanks one
    for each, -1 where it is open. With `details` everything is told of each token.
    """

    prompt: str
    length: int = 32
    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 1.0
    repetition: float = 1.0
    seed: int = 0
    beams: int = 1
    forced: tuple[int, ...] = ()
    details: bool = False


@dataclass(frozen=True)
class Compress(Command):
    """Keep compressing the instruction of this prompt (what stands before [gist]) and answering the inputs from it, in at most
    `length` tokens each, while the model learns; no prompt: stop. With `map` the gists of many instructions are shown in the
    plane instead. Answered by `GistTold`s."""

    prompt: str
    inputs: tuple[str, ...] = ()
    length: int = 8
    map: bool = False


@dataclass(frozen=True)
class AskWays(Command):
    """Keep answering the same question put in several ways, with the settings of `ask`; none: stop. With a `wanted` answer its
    loss behind each way is told, else that of the ways themselves. Answered by `WaysTold`s."""

    prompts: tuple[str, ...] = ()
    wanted: str = ""
    ask: Ask = Ask("")


@dataclass(frozen=True)
class Seek(Command):
    """Show every view, and answer the prompt, as of the recorded step nearest to `step`; None: as of now again.

    Training is not touched by it. Answered by `Looking`, or by a `Fault` where nothing is recorded; of several in a row only
    the last is done.
    """

    step: int | None


@dataclass(frozen=True)
class Branch(Command):
    """Go on from the recorded step nearest to `step`, as training did then; the run of now is remembered like one that an
    edit replaces. Answered by `Applied` ("branch") or a `Fault`."""

    step: int
    number: int = 0


@dataclass(frozen=True)
class Compare(Command):
    """Put a second run beside the first, trained in turns with it on the same batches: the first as it is now, or
    `experiment` with what it can keep of the first's weights, or (`step`) the recorded step nearest to one, which stands
    still. `off` ends it. A `Fault` says why it cannot be."""

    experiment: Experiment | None = None
    step: int | None = None
    off: bool = False


@dataclass(frozen=True)
class Cancel(Command):
    """Give up the long job under way (learning a tokenizer, reading a large file); what was there before stays."""


@dataclass(frozen=True)
class Stop(Command):
    """End the thread."""
