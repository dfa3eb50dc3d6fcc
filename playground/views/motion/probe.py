"""The storyteller: makes scenes of a step that was told in full, in the order in which things happen."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from playground.data.corpus import Corpus
from playground.spec.model import ModelSpec, branches
from playground.training.narration import Told
from playground.views.gauges.probe import OUTPUTS, part_of
from playground.views.motion.frame import MotionFrame, Scene
from playground.views.subject import read_only

MOST = 96
"""Rows and columns of a map at most; of larger tensors the first are shown, and the scene says so."""
PARTS = {"attention": "attention", "cross": "cross-attention", "mlp": "MLP"}
SAYS = {
    "attention": "Every token looks at those it may see and takes a mixture of their values; that is added to the stream.",
    "cross": "Every token of the decoder looks at what the encoder has made, and adds what it finds to the stream.",
    "mlp": "Each token by itself goes through the MLP; this is what that adds to the stream.",
}


def wanted(model: ModelSpec) -> dict[str, str]:
    """The tap points of a story by the path of the part, in the order in which they compute."""
    found = {"model.embedding": "embed"}
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            for name, _ in branches(layer):
                found[f"model.{stack}[{index}].{name}"] = f"{stack}.{index}.{OUTPUTS[name]}"
    return found | {"model.unembedding": "final"}


def story(model: ModelSpec, corpus: Corpus, told: Told) -> MotionFrame:
    """The scenes of a step: forward, loss, backward, update."""
    pieces = corpus.tokenizer.pieces
    context = () if told.context is None else tuple(pieces(told.context.cpu().numpy()))
    scenes = (*_forward(model, told), _loss(model, told), *_backward(model, told), *_updates(model, told))
    return MotionFrame(told.report.step, scenes, tuple(pieces(told.tokens.cpu().numpy())), context)


def _forward(model: ModelSpec, told: Told) -> Iterator[Scene]:
    for path, tap in wanted(model).items():
        value = told.values[tap]
        if path == "model.embedding":
            said = "Each token is looked up in the table of embeddings and becomes a vector of the residual stream."
        elif path == "model.unembedding":
            said = "What all parts have added together, after the last norm. Its products with the unembedding are the logits."
        else:
            said = SAYS[path.rpartition(".")[2]]
        yield _map(
            "forward",
            path,
            said,
            value,
            "what it holds" if path.startswith("model.un") else "what it adds",
            rows=_rows(model, path),
        )


def _loss(model: ModelSpec, told: Told) -> Scene:
    known = told.losses[~told.losses.isnan()]
    guess = math.log(model.vocab)
    worst = float(known.max()) if len(known) else guess
    facts = (
        ("loss of the batch", f"{told.report.loss:.3f} nats"),
        ("of this sequence", f"{float(known.mean()):.3f} nats" if len(known) else "nothing is asked here"),
        ("guessing", f"{guess:.3f} nats"),
    )
    said = "How surprised the model is by each token that it should have said: minus the logarithm of its probability."
    return Scene("loss", "model.unembedding", "Loss", said, read_only(told.losses, np.float32), "tokens", "nats", False,
                 max(guess, worst), facts)  # fmt: skip


def _backward(model: ModelSpec, told: Told) -> Iterator[Scene]:
    for path, tap in reversed(wanted(model).items()):
        gradient = told.gradients.get(tap)
        if gradient is None:
            continue
        said = "How the loss would change if this were a little larger, from the output back: the gradient that arrives here."
        yield _map("backward", path, said, gradient, "gradient", rows=_rows(model, path))


def _updates(model: ModelSpec, told: Told) -> Iterator[Scene]:
    """For each part the movement of its largest matrix, and figures of all its weights."""
    by_path: dict[str, list[str]] = {}
    for name in told.moved:
        by_path.setdefault(part_of(name), []).append(name)
    for path in wanted(model):
        names = by_path.get(path, [])
        if not names:
            continue
        largest = max(names, key=lambda name: told.moved[name].numel())
        moved = math.sqrt(sum(float(told.moved[name].float().square().sum()) for name in names))
        weight = math.sqrt(sum(float(told.before[name].float().square().sum()) for name in names))
        count = sum(told.moved[name].numel() for name in names)
        share = f"{100 * moved / weight:.2g} %" if weight else "from nothing"
        facts = (("weights", f"{count:,}"), ("moved by", f"{share} of their size"), ("learning rate", f"{told.report.lr:.2g}"))
        said = f"The optimiser moves every weight a little. Shown is the change of {largest}."
        value = told.moved[largest]
        yield _map("update", path, said, value if value.dim() == 2 else value[None], "change", facts, "outputs", "inputs")


def _map(
    phase: str, path: str, said: str, value: Tensor, name: str, facts: tuple[tuple[str, str], ...] = (),
    rows: str = "tokens", columns: str = "features",
) -> Scene:  # fmt: skip
    """A scene of a matrix around 0, cut to what can be shown."""
    shown = value[:MOST, :MOST].float()
    cut = ""
    if shown.shape != value.shape:
        cut = f" The first {shown.shape[0]} × {shown.shape[1]} of {value.shape[0]} × {value.shape[1]} are shown."
    size = float(value.float().square().mean().sqrt())
    figures = ((f"{name}, root mean square", f"{size:.3g}"), ("shape", " × ".join(map(str, value.shape))), *facts)
    span = max(float(torch.quantile(shown.abs().flatten(), 0.995)), 1e-12)  # a single outlier would darken all the rest
    return Scene(phase, path, title(path), said + cut, read_only(shown, np.float32), rows, columns, True, span, figures)  # type: ignore[arg-type]


def _rows(model: ModelSpec, path: str) -> str:
    """Whose tokens the rows are: those that an encoder beside a decoder reads, or the others."""
    return "context" if path.startswith("model.encoder") and model.decoder else "tokens"


def title(path: str) -> str:
    """A part in words."""
    if path in ("model.embedding", "model.unembedding"):
        return path.removeprefix("model.").capitalize()
    stack, _, rest = path.removeprefix("model.").partition("[")
    index, _, part = rest.partition("].")
    return f"{'Encoder layer' if stack == 'encoder' else 'Layer'} {int(index) + 1} · {PARTS[part]}"


PROBE = None
"""Nothing looks by itself: a step is told when the person asks for one."""
