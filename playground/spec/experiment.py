"""An experiment: model, task, training and seed. It is the document that is edited, undone, saved and shared."""

from __future__ import annotations

from typing import Literal

from playground.spec.model import ModelSpec
from playground.spec.record import Record, field

PYTHON_DOCS = "python-docs"
ADAMS = ("adam", "adamw", "muon")
"""The optimisers that are Adam, or have it for some of the weights."""


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


class TrainingSpec(Record):
    """How it is learned: optimiser, schedule, and when the model is tested."""

    steps: int = field(2000, "Steps", "Length of the schedule in optimiser steps.", change="hot", ge=1, le=10_000_000)
    batch: int = field(12, "Batch", "Sequences per step.", change="hot", ge=1, le=4096, slider=(1, 64))
    optimiser: Literal["sgd", "adam", "adamw", "muon"] = field(
        "adamw",
        "Optimiser",
        "How gradients move the weights: plain SGD as the paper prints it, Adam, AdamW (whose decay is a pull of its own), or "
        "Muon for the matrices of the layers with AdamW for everything else. Another one starts without memory.",
        change="hot",
        cite="Muon: Jordan et al. 2024",
        url="https://kellerjordan.github.io/posts/muon/",
    )
    lr: float = field(1e-3, "Learning rate", "The largest learning rate of the schedule.", change="hot", gt=0.0, le=10.0)
    muon_lr: float = field(
        0.02,
        "Muon's rate",
        "The largest learning rate of the matrices that Muon moves; it rises and falls with the other.",
        change="hot",
        gt=0.0,
        le=10.0,
        when=("optimiser", ("muon",)),
    )
    schedule: Literal["constant", "linear", "cosine", "step", "exponential", "wsd"] = field(
        "cosine",
        "Schedule",
        "How the learning rate falls after warm-up: not at all, in a line, as half a cosine, in steps, by the same share at "
        "every step, or late (stable for most of the run, then in a line).",
        change="hot",
        cite="cosine: Loshchilov & Hutter 2016; stable, then decay: Hu et al. 2024, MiniCPM",
        url="https://arxiv.org/abs/2404.06395",
    )
    warmup: int = field(
        100,
        "Warm-up",
        "Steps over which the rate rises from zero.",
        change="hot",
        cite="Goyal et al. 2017",
        url="https://arxiv.org/abs/1706.02677",
        ge=0,
        le=1_000_000,
    )
    lr_min: float = field(
        1e-4,
        "Final rate",
        "Where a line or a cosine ends, and below which steps and an exponential do not fall.",
        change="hot",
        ge=0.0,
        le=10.0,
        when=("schedule", ("linear", "cosine", "step", "exponential", "wsd")),
    )
    decay_share: float = field(
        0.2,
        "Decay share",
        "Share of the steps, at their end, over which the rate falls.",
        change="hot",
        cite="Hägele et al. 2024",
        url="https://arxiv.org/abs/2405.18392",
        gt=0.0,
        le=1.0,
        step=0.05,
        when=("schedule", ("wsd",)),
    )
    step_every: int = field(
        500,
        "Every",
        "After so many steps the rate has been multiplied by the factor once more: at once, or little by little.",
        change="hot",
        unit="steps",
        ge=1,
        le=10_000_000,
        when=("schedule", ("step", "exponential")),
    )
    step_factor: float = field(
        0.5,
        "Factor",
        "What the rate is multiplied by.",
        change="hot",
        gt=0.0,
        le=1.0,
        step=0.05,
        when=("schedule", ("step", "exponential")),
    )
    beta1: float = field(
        0.9,
        "β₁",
        "Memory of the gradient's mean.",
        change="hot",
        cite="Kingma & Ba 2014",
        url="https://arxiv.org/abs/1412.6980",
        ge=0.0,
        lt=1.0,
        step=0.01,
        when=("optimiser", ADAMS),
    )
    beta2: float = field(
        0.99,
        "β₂",
        "Memory of the gradient's square.",
        change="hot",
        cite="Kingma & Ba 2014",
        url="https://arxiv.org/abs/1412.6980",
        ge=0.0,
        lt=1.0,
        step=0.01,
        when=("optimiser", ADAMS),
    )
    momentum: float = field(
        0.95,
        "Momentum",
        "Muon's memory of the gradient.",
        change="hot",
        cite="Jordan et al. 2024",
        url="https://kellerjordan.github.io/posts/muon/",
        ge=0.0,
        lt=1.0,
        step=0.01,
        when=("optimiser", ("muon",)),
    )
    weight_decay: float = field(
        0.1,
        "Weight decay",
        "Pull of matrices towards zero.",
        change="hot",
        ge=0.0,
        le=10.0,
        step=0.01,
        cite="Loshchilov & Hutter 2017",
        url="https://arxiv.org/abs/1711.05101",
        when=("optimiser", ("adamw", "muon")),
    )
    clip: float = field(
        1.0, "Clip", "Largest norm of the gradient; 0 turns clipping off.", change="hot", ge=0.0, le=1000.0, step=0.1
    )
    validate_every: int = field(250, "Validate every", "Steps between two validations.", change="hot", ge=1, le=1_000_000)
    validation_windows: int = field(
        200, "Validation windows", "Fixed windows the validation averages over.", change="hot", ge=1, le=100_000
    )
    precision: Literal["auto", "float32", "bfloat16"] = field(
        "auto", "Precision", "auto measures at start whether bfloat16 is faster here and uses it where it is.", change="hot"
    )


class Experiment(Record):
    """Model, task, training and seed: everything that decides a run."""

    model: ModelSpec = ModelSpec()
    task: TaskSpec = TaskSpec()
    training: TrainingSpec = TrainingSpec()
    seed: int = field(
        0, "Seed", "The same seed and the same experiment give the same run on a CPU.", change="fresh", ge=0, le=2**31 - 1
    )
