"""An experiment: model, task, training and seed. It is the document that is edited, undone, saved and shared."""

from __future__ import annotations

from typing import Literal

from playground.spec.model import ModelSpec
from playground.spec.record import Record, field
from playground.spec.training import TrainingSpec as TrainingSpec

PYTHON_DOCS = "python-docs"


class TokenizerSpec(Record):
    """How text is cut into tokens."""

    kind: Literal["characters", "bytes", "bpe", "unigram"] = field(
        "bpe",
        "Tokenizer",
        "Characters or bytes as they are, or pieces of words learned from the text with SentencePiece.",
        change="fresh",
        cite="Kudo & Richardson 2018",
        url="https://arxiv.org/abs/1808.06226",
    )
    vocab: int = field(
        1024, "Pieces", "How many pieces BPE or unigram have, the 256 bytes among them.", change="fresh", ge=272, le=65536
    )


class TaskSpec(Record):
    """What is learned, and from what."""

    kind: Literal["text"] = field("text", "Task", "Predict the next token of a text.", change="fresh")
    text: str = field(
        PYTHON_DOCS, "Text", "python-docs is CPython's own documentation; anything else is the path of a file.", change="fresh"
    )
    tokenizer: TokenizerSpec = TokenizerSpec()
    validation: float = field(
        0.1,
        "Validation share",
        "Share of the text, at its end, that is never trained on.",
        change="fresh",
        gt=0.0,
        le=0.5,
        step=0.05,
    )


class Experiment(Record):
    """Model, task, training and seed: everything that decides a run."""

    model: ModelSpec = ModelSpec()
    task: TaskSpec = TaskSpec()
    training: TrainingSpec = TrainingSpec()
    seed: int = field(
        0, "Seed", "The same seed and the same experiment give the same run on a CPU.", change="fresh", ge=0, le=2**31 - 1
    )
