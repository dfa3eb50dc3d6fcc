"""An experiment as one line to copy and paste: what differs from a shipped preset, versioned, with a checksum.

`tp1:gpt:d2.attention.heads~8:…` says: preset gpt, decoder layer 2, heads 8. Items without a layer's number hold for all
layers of a stack (`d.attention.mask~bidirectional`), `decoder~d1-3.d3x2` says which layers the decoder is made of, an empty
value leaves something out, and `new` adds a part, whose other fields follow. Long lists of items are compressed. The path
of a person's own text or table never is in it, nor the vocabulary, which follows from tokenizer and text.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from playground.spec.check import SpecError, parse
from playground.spec.experiment import PYTHON_DOCS, Experiment
from playground.spec.gist import Gist
from playground.spec.items import applied, items
from playground.spec.packing import Parcel, ShareError, checksum, impossible, pack, unpack

__all__ = ["ShareError", "from_string", "left_out", "shareable", "to_string"]


def shareable(experiment: Experiment) -> Experiment:
    """What of an experiment a string can say: a text or table of one's own gives way to Python's documentation."""
    task, domains = experiment.task, experiment.task.domains
    own = bool(domains.pictures or domains.episodes)
    if task.text == PYTHON_DOCS and not task.table and not own:
        return experiment
    if own:
        share = domains.share.model_copy(update={"pictures": 0.0, "episodes": 0.0})
        share = share if any(vars(share).values()) else share.model_copy(update={"text": 1.0})
        domains = domains.model_copy(update={"pictures": "", "episodes": "", "share": share})
    kind = "text" if task.table else task.kind
    made = experiment.model_copy(
        update={"task": task.model_copy(update={"text": PYTHON_DOCS, "kind": kind, "domains": domains})}
    )
    # a text has no instructions
    return made.model_copy(update={"model": made.model.model_copy(update={"gist": Gist()})}) if task.table else made


def left_out(experiment: Experiment) -> str:
    """A sentence on what stays with the person who shares, or nothing."""
    if experiment.task.generated or shareable(experiment) == experiment:
        return ""
    own = "table" if experiment.task.table else "text"
    return f"Your {own} stays with you: whoever opens this gets the Python documentation in its place."


def to_string(experiment: Experiment, base_name: str, base: Experiment) -> str:
    """One line of URL-safe characters that says what differs from the shipped preset `base`.

    Raises ShareError where `base_name` is no name of a preset, or where more differs than a string holds.
    """
    made = shareable(experiment)
    return pack(Parcel(base_name, tuple(items(base, made)), _fingerprint(made)))


def from_string(text: str, load_base: Callable[[str], Experiment]) -> tuple[str, Experiment]:
    """The name of the preset and the experiment; raises ShareError, and nothing else, where the string cannot be used.

    `load_base` loads a shipped preset by its name; it may raise OSError or SpecError where there is none. Only names of
    letters, digits and hyphens reach it, so that no string can name a path.
    """
    parcel = unpack(text)
    try:
        base = load_base(parcel.base)
    except (OSError, SpecError, KeyError):
        raise ShareError(
            f"There is no preset “{parcel.base}” here.",
            "The string says only what differs from it.",
            "Use the version of the program that the string was made with.",
        ) from None
    try:
        made = parse(applied(base, parcel.items))
    except SpecError as error:
        raise impossible(f"{error.problems[0]}.") from None
    if _fingerprint(made) != parcel.fingerprint:
        raise ShareError(
            "This string would not give the experiment that it was made from.",
            f"The preset “{parcel.base}” or a default has changed since.",
            "Use the version of the program that it was made with, or ask for a string made with this one.",
        )
    return parcel.base, made


def _fingerprint(experiment: Experiment) -> str:
    """Four letters that tell whether a string still means what it meant; fields with neutral defaults may be added."""
    data = experiment.model_dump(exclude_defaults=True, exclude={"model": {"vocab"}, "task": {"text"}})
    return checksum(json.dumps(data, sort_keys=True).replace("-0.0", "0.0"), 4)
