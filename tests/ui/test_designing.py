"""Thousands of random edits, undos and redos: the spec is always possible, the diagram always matches it, and undoing
everything brings the first experiment and its weights back to the bit."""

import random

import pytest
import torch
from PySide6.QtGui import QUndoStack

from playground.spec import edit
from playground.spec.check import SpecError, check
from playground.ui.diagram.canvas import DiagramCanvas
from playground.ui.diagram.layout import layout
from playground.ui.document import Document
from playground.worker.commands import OpenModel
from playground.worker.engine import Engine
from playground.worker.mailbox import Applied, Fault, Mailbox
from tests.training.test_grafting import random_edit
from tests.ui.conftest import write_model


class Bench:
    """A document and an engine that answer each other without a thread, one command at a time."""

    def __init__(self, folder) -> None:
        self.mailbox = Mailbox()
        self.engine = Engine(self.mailbox, "cpu")
        self.document = Document(self.mailbox)
        self.mailbox.send(OpenModel(folder, None, self.document.next_number()))
        self.settle()

    def settle(self) -> None:
        """Let the engine answer what it was sent, and the document hear of it."""
        self.engine._fetch()
        while self.engine._backlog:
            self.engine._answer(self.engine._backlog.popleft())
            self.engine._fetch()
        for event in self.mailbox.take().events:
            if isinstance(event, Applied):
                self.document.opened(event) if event.change == "opened" else self.document.settled(event)
            else:
                assert isinstance(event, Fault)
                assert event.number is not None
                self.document.rejected(event.number)

    def weights(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().clone() for name, value in self.engine._run.trainer.model.named_parameters()}


@pytest.fixture
def bench(qapp, tmp_path, text):
    return Bench(write_model(tmp_path / "model", text))


def parts(model):
    """The paths that a diagram of a model has to show."""
    found = {"model.embedding", "model.unembedding"}
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            path = f"model.{stack}[{index}]"
            found |= {path, f"{path}.norm"} | {
                f"{path}.{name}" for name in ("attention", "cross", "mlp") if getattr(layer, name)
            }
    return found


def test_undoing_everything_brings_the_first_weights_back(bench):
    draw, document = random.Random(3), bench.document
    first = document.experiment
    steps = bench.engine._run.trainer.steps()
    for _ in range(2):
        next(steps)
    weights = bench.weights()
    for _ in range(25):
        try:
            made = random_edit(document.experiment, draw)
        except SpecError:
            continue
        document.replace(made.experiment, "an edit", origins=made.origins)
        bench.settle()
        next(bench.engine._run.trainer.steps())
    last, then = document.experiment, bench.weights()
    while document.stack.canUndo():
        document.stack.undo()
        bench.settle()
    assert document.experiment == first
    now = bench.weights()
    assert now.keys() == weights.keys()
    assert all(torch.equal(now[name], value) for name, value in weights.items())
    while document.stack.canRedo():
        document.stack.redo()
        bench.settle()
    assert document.experiment == last
    assert all(torch.equal(value, then[name]) for name, value in bench.weights().items())


def test_five_thousand_edits_undos_and_redos(bench, qtbot):
    draw, document = random.Random(11), bench.document
    stack: QUndoStack = document.stack
    canvas = DiagramCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(320, 600)
    refused = done = 0
    for count in range(5000):
        gesture = draw.random()
        before = document.experiment
        if gesture < 0.25 and stack.canUndo():
            stack.undo()
        elif gesture < 0.4 and stack.canRedo():
            stack.redo()
        else:
            try:
                made = random_edit(before, draw)
            except SpecError as error:
                refused += 1
                for problem in error.problems:  # noqa: PT017 (what is refused is refused with a path and a sentence)
                    assert problem.path
                    assert len(problem.message) > 10
                continue
            done += document.replace(made.experiment, "an edit", origins=made.origins)
        model = document.experiment.model
        assert not list(check(model))
        boxes = layout(model, 320.0, unfolded=frozenset(canvas.unfolded)).boxes
        shown = {covered + box.path[len(box.covers[0]) :] if box.covers else box.path for box in boxes
                 for covered in (box.covers or ("",))}  # fmt: skip
        assert {path for path in shown if path.endswith("]")} == {path for path in parts(model) if path.endswith("]")}
        if count % 50 == 0:
            canvas.show_model(model)
            assert set(canvas.order()) == parts(model)
            while not bench.mailbox.inbox.empty():  # the engine has a test of its own
                bench.mailbox.inbox.get()
    assert done > 1500
    assert refused > 50
    while stack.canUndo():
        stack.undo()
    assert document.experiment == document.preset
    assert edit.change(document.experiment, document.preset) == "same"
