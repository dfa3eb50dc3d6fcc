"""The pages of the inspector and the sections their fields stand in."""

from __future__ import annotations

from playground.spec.experiment import DOMAINS, Experiment
from playground.ui.inspector.fields import Field, fields

TABS = (
    ("part", "Part", "The part that is chosen in the diagram"),
    ("model", "Model", "What all parts share: width, context, tokenizer, first weights"),
    ("training", "Training", "Optimiser, schedule, batch and validation"),
)

MODEL = (
    ("", ("model.d_model", "model.n_ctx")),
    ("Task", ("task.kind", "task.examples")),
    ("Gist tokens", ("model.gist", "task.word_drop")),
    ("Objective", ("task.objective", "task.mask_ratio", "task.mask_rule")),
    ("Text", ("task.tokenizer", "task.validation")),
    ("First weights", ("model.init", "seed")),
)

MIX = (
    ("Shares of a batch", ("task.domains.share",)),
    ("Weights of the losses", ("task.domains.weight",)),
    ("Demonstrations", tuple(f"task.domains.{name}" for name in ("prompts", "from_end", "target", "smoothing", "ask_pixels"))),
    ("Your own", ("task.domains.pictures", "task.domains.episodes")),
)
"""What a model of several domains has between its task and its text."""

TRAINING = (
    ("", ("steps", "batch", "accumulate")),
    ("Learning rate", ("lr", "muon_lr", "schedule", "warmup", "lr_min", "decay_share", "step_every", "step_factor")),
    ("Optimiser", ("optimiser", "beta1", "beta2", "momentum", "weight_decay", "clip")),
    ("Smoothing", ("label_smoothing", "average", "average_decay")),
    ("Validation", ("validate_every", "validation_windows")),
    ("Machine", ("precision",)),
)


def sections(experiment: Experiment, tab: str, path: str) -> list[tuple[str, tuple[Field, ...]]]:
    """(heading, fields) for each section of a page."""
    if tab == "model":
        several = experiment.task.kind == DOMAINS
        parts = (*MODEL[:2], *MIX, *MODEL[3:]) if several else MODEL
        return [(name, tuple(f for p in paths for f in fields(experiment, p))) for name, paths in parts]
    if tab == "training":
        known = {field.path.removeprefix("training."): field for field in fields(experiment, "training")}
        made = [(name, tuple(known.pop(n) for n in names if n in known)) for name, names in TRAINING]
        return [*made, ("More", tuple(known.values()))] if known else made
    found = fields(experiment, path)
    layer, _, part = path.rpartition(".")
    if part in ("attention", "cross", "mlp"):
        around = (*fields(experiment, "model.d_model"), *fields(experiment, f"{layer}.norm"))
        return [("", found), ("Residual stream", around)]
    norm = tuple(field for field in found if ".norm." in field.path)
    rest = tuple(field for field in found if field not in norm)
    if not norm or not rest:
        return [("", found)]
    return (
        [("Parts", rest), ("Norm", norm)]
        if path.startswith(("model.decoder", "model.encoder["))
        else [("", rest), ("Final norm", norm)]
    )
