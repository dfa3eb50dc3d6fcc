"""An inspector with an owner that does what it asks, as the window does."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from playground.spec import edit
from playground.spec.check import SpecError
from playground.spec.experiment import Experiment
from playground.ui.inspector import placing
from playground.ui.inspector.form import Inspector


class Desk:
    """The form, its experiment, and what has been asked."""

    def __init__(self, qtbot, start: Experiment) -> None:
        self.qtbot, self.experiment, self.preset = qtbot, start, start
        self.asked: list[tuple[str, object]] = []
        self.asked_together: list[tuple[tuple[str, object], ...]] = []
        self.form = Inspector()
        self.form.resize(304, 760)
        qtbot.addWidget(self.form)
        self.form.edit_requested.connect(self.on_edit)
        self.form.edits_requested.connect(self.on_edits)
        self.form.set_experiment(start, start)
        self.form.show_part("model.decoder[1].attention")
        self.form.show()
        qtbot.waitExposed(self.form)
        qtbot.mouseMove(self.form.caption)  # where an earlier test has left it, a row may be

    def on_edit(self, path, value):
        self.asked.append((path, value))
        try:
            self.experiment = edit.replaced(self.experiment, path, value)
        except SpecError as error:
            self.form.show_problems(error.problems)
            return
        self.form.set_experiment(self.experiment, self.preset)

    def on_edits(self, pairs):
        self.asked_together.append(pairs)
        try:
            self.experiment = placing.applied(self.experiment, dict(pairs))
        except SpecError as error:
            self.form.show_problems(error.problems)
            return
        self.form.set_experiment(self.experiment, self.preset)

    def type(self, control, text: str) -> None:
        control.setFocus()
        control.selectAll()
        self.qtbot.keyClicks(control, text)
        self.qtbot.keyClick(control, Qt.Key.Key_Return)

    def spin(self, path: str):
        return self.form.rows[path].editor.controls()[-1]

    def press(self, button) -> None:
        QApplication.processEvents()  # what has just appeared is given its place
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
