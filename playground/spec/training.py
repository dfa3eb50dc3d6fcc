"""How an experiment is learned: optimiser, schedule, batches, smoothing, and when the model is tested."""

from __future__ import annotations

from typing import Literal

from playground.spec.record import Record, field

ADAMS = ("adam", "adamw", "muon")
"""The optimisers that are Adam, or have it for some of the weights."""


class TrainingSpec(Record):
    """How it is learned: optimiser, schedule, and when the model is tested."""

    steps: int = field(2000, "Steps", "Length of the schedule in optimiser steps.", change="hot", ge=1, le=10_000_000)
    batch: int = field(12, "Batch", "Sequences per step.", change="hot", ge=1, le=4096, slider=(1, 64))
    accumulate: int = field(
        1,
        "Accumulate",
        "Parts in which a batch is computed one after the other; their gradients add up to that of the whole. More parts "
        "need less memory and more time.",
        change="hot",
        unit="parts",
        ge=1,
        le=4096,
    )
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
    label_smoothing: float = field(
        0.0,
        "Label smoothing",
        "Share of the target that is spread evenly over all tokens; the loss that is reported is without it.",
        change="hot",
        cite="Szegedy et al. 2015",
        url="https://arxiv.org/abs/1512.00567",
        ge=0.0,
        lt=1.0,
        step=0.05,
    )
    average: Literal["none", "ema"] = field(
        "none",
        "Average",
        "Validate, and save for others, a moving average of the weights instead of the weights themselves.",
        change="hot",
        cite="Polyak & Juditsky 1992",
        url="https://doi.org/10.1137/0330046",
    )
    average_decay: float = field(
        0.99,
        "Decay",
        "Share of the average that each step keeps, once there are enough steps for it.",
        change="hot",
        ge=0.0,
        lt=1.0,
        step=0.001,
        when=("average", ("ema",)),
    )
    validate_every: int = field(250, "Validate every", "Steps between two validations.", change="hot", ge=1, le=1_000_000)
    validation_windows: int = field(
        200, "Validation windows", "Fixed windows the validation averages over.", change="hot", ge=1, le=100_000
    )
    precision: Literal["auto", "float32", "bfloat16"] = field(
        "auto", "Precision", "auto measures at start whether bfloat16 is faster here and uses it where it is.", change="hot"
    )
