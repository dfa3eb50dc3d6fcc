"""The curves panel: training and validation loss large, learning rate, speed and gradient norm small beneath."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Caption, Elided, EmptyState, Segments
from playground.views.curves.frame import CurvesFrame, CurvesLook
from playground.views.curves.panel_plot import Plot, pen
from playground.views.curves.panel_runs import EarlierRuns
from playground.views.curves.panel_small import Small
from playground.views.curves.points import nearest, smoothed, thinned

SMOOTHING = 0.9
MARKED = 60
"""More validations than this are a line without marks."""
SMALL = (
    ("lr", "Learning rate", "Rate"), ("tokens_per_s", "Tokens / s", "Tokens / s"),
    ("grad_norm", "Gradient norm", "Gradient"), ("scores", "Answered right, %", "Right, %"),
)  # fmt: skip
"""Quantity, name, and a name for little room."""
NAMES = ("training", f"smoothed, {SMOOTHING}", "validation", "least possible")
UNITS = (("nats", "nats per token"), ("bits", "bits per byte"))


class CurvesPanel(QWidget):
    """Lines in the theme's colours, named at their ends; wheel and drag zoom, a double click or Fit shows everything."""

    look_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: CurvesFrame | None = None
        self._smooth = np.zeros(0)
        self._step: float | None = None
        self.units, self.log, self.log_loss = Segments(UNITS), QPushButton("log steps"), QPushButton("log loss")
        self.forget = QPushButton("Forget runs")
        self.fit, self.stamp, self.title = QPushButton("Fit"), Elided(), Caption("Loss")
        self.loss = Plot("Loss", widest=NAMES[1])
        self.small = {name: Small(title, short) for name, title, short in SMALL}
        self.empty = EmptyState("Press Play: the loss appears here", "Space plays and pauses; one step is one optimiser step.")
        self.card = QLabel(self.loss)
        self.runs = EarlierRuns(self.loss, SMOOTHING)
        self._name = self._named = "as opened"
        """What distinguishes the run that is edited, and the one that is drawn."""
        self._build()
        self._connect()
        self.retheme()

    # -- what every panel offers --------------------------------------------------------------------------------

    def look(self) -> CurvesLook:
        """As many points as can be told apart."""
        return CurvesLook()

    def draw(self, frame: CurvesFrame) -> None:
        """Show the run so far."""
        self.runs.follow(self._frame, frame, self._named)
        self._frame, self._named = frame, self._name
        anything = len(frame.steps) > 0 or len(frame.validation) > 0
        self._pages.setCurrentIndex(1 if anything else 0)
        self._smooth = smoothed(frame.loss, SMOOTHING)
        self._draw_loss()
        asked = np.isfinite(frame.scores)
        for name, small in self.small.items():
            if name == "scores":
                small.draw(frame.validation_steps[: len(asked)][asked], 100.0 * frame.scores[asked])
            else:
                small.draw(frame.lr_steps, getattr(frame, name))
        self._share_out()
        self._print_stamp()
        self._read(self._step)

    def draw_beside(self, frame: CurvesFrame | None) -> None:
        """Show the run that this one is compared with as a line beside its own; None: no more."""
        if frame is not None or self.runs.beside is not None:
            self.runs.compare(frame)
            self._draw_loss()

    def name_run(self, name: str) -> None:
        """How the run differs from what was opened; it is called that once another has taken its place."""
        self._name = name or "as opened"

    def retheme(self) -> None:
        """Take the theme and the type scale in force: every pen, font and ground anew."""
        self.title.restyle()
        self.stamp.setFont(theme.font(0.9))
        self.card.setFont(theme.font(0.9))
        self.empty.title.setFont(theme.font(1.3, bold=True))
        ground, line = theme.theme().surface, theme.theme().line
        self.card.setStyleSheet(f"background: {ground}; border: 1px solid {line}; border-radius: 8px; padding: 7px 11px;")
        bold = QFontMetricsF(theme.font(bold=True))
        self.units.setMinimumWidth(round(2 * max(bold.horizontalAdvance(label) for _, label in UNITS)) + 48)
        for button in (self.log, self.log_loss):
            button.setMinimumWidth(round(bold.horizontalAdvance(button.text())) + 24)
        self.loss.retheme()
        self._training.setPen(pen("quiet", 1, 120))
        self._smoothed.setPen(pen("accent", 2))
        self._smoothed.setSymbolBrush(theme.colour("accent"))
        self._smoothed.setSymbolPen(None)
        self._floor.setPen(pen("quiet", 1.5, style=Qt.PenStyle.DashLine))
        self._validation.setPen(pen("text", 2))
        self._validation.setSymbolBrush(theme.colour("text"))
        self._validation.setSymbolPen(pen("window", 1))
        for small in self.small.values():
            small.retheme()
        if self._frame is not None:
            self._draw_loss()

    # -- inside -------------------------------------------------------------------------------------------------

    def _factor(self) -> float:
        """From nats per token to the chosen unit: bits per byte = nats / ln 2 / bytes per token."""
        frame = self._frame
        if frame is None or self.units.value() == "nats" or frame.bytes_per_token <= 0:
            return 1.0
        return 1.0 / (math.log(2.0) * frame.bytes_per_token)

    def _draw_loss(self) -> None:
        frame, factor = self._frame, self._factor()
        if frame is None:
            return
        for curve, steps, values, most in (
            (self._training, frame.steps, frame.loss, 400),
            (self._smoothed, frame.steps, self._smooth, 250),
            (self._validation, frame.validation_steps, frame.validation, 400),
        ):
            seen = steps >= (1 if self.log.isChecked() else 0)  # step 0 has no place on a logarithmic axis
            steps, values = steps[seen], values[seen] * factor
            kept = thinned(np.log10(steps) if self.log.isChecked() else steps, values, most)
            dots = len(kept) == 1 or (curve is self._validation and len(kept) <= MARKED)
            curve.setData(steps[kept], values[kept], symbol="o" if dots else None)
        floor = frame.floor or 0.0  # below a floor of 0 nobody looks
        spanned = frame.steps[[0, -1]] if floor and len(frame.steps) else np.zeros(0)
        self._floor.setData(np.maximum(spanned, 1.0), np.full(len(spanned), floor * factor))
        colours, ends = theme.theme(), []
        for name, colour, steps, values in (
            (NAMES[2], colours.text, frame.validation_steps, frame.validation),
            (NAMES[1], colours.accent, frame.steps, self._smooth),
            (NAMES[0], colours.quiet, frame.steps, frame.loss),
        ):
            if len(values) and math.isfinite(values[-1]):
                last = float(values[-1]) * factor
                ends.append((name, colour, self._x(float(steps[-1])), last))
        ends += self.runs.draw(factor, self._x, 1.0 if self.log.isChecked() else 0.0)
        self.forget.setVisible(bool(self.runs.kept) and self.width() >= 480)
        if len(spanned):
            ends.append((NAMES[3], colours.quiet, self._x(float(spanned[-1])), floor * factor))
        self.loss.ends(ends)
        told = ", ".join(f"{name} {value:.3f}" for name, _, _, value in ends)
        self.loss.setAccessibleDescription(f"Step {frame.step:,}, {self._unit()}: {told}")

    def _unit(self) -> str:
        return dict(UNITS)[self.units.value() or "nats"]

    def _x(self, step: float) -> float:
        return math.log10(max(step, 1.0)) if self.log.isChecked() else step

    def _print_stamp(self) -> None:
        self.title.setText("Loss" if self.width() >= 480 else f"Loss, {self._unit()}")
        if self._frame is not None:
            step = f"step {self._frame.step:,}"
            self.stamp.setText(f"picture of {step}" if self.width() >= 560 else step)

    def _on_pointed(self, x: float) -> None:
        self._read(None if math.isnan(x) else (10.0**x if self.log.isChecked() else x))

    def _read(self, step: float | None) -> None:
        """Put the cursor on the nearest step in every plot and print what the lines say there."""
        frame, self._step = self._frame, step
        if step is None and frame is not None and len(frame.steps) and frame.step < frame.steps[-1]:
            step = frame.step  # the timeline looks at a recorded step: the cursor stands there while nobody points
        if frame is None or step is None or not len(frame.steps):
            step = None
        else:
            step = float(frame.steps[nearest(frame.steps, step)])
        self.loss.point_at(None if step is None else self._x(step))
        for small in self.small.values():
            small.read(step)
        self.card.setVisible(step is not None)
        if step is not None and frame is not None:
            self._print_card(frame, step)

    def _print_card(self, frame: CurvesFrame, step: float) -> None:
        factor, quiet, index = self._factor(), theme.theme().quiet, nearest(frame.steps, step)
        rows = [(NAMES[0], frame.loss[index] * factor), (NAMES[1], self._smooth[index] * factor)]
        if len(frame.validation):
            at = nearest(frame.validation_steps, step)
            rows.append((f"validation, step {frame.validation_steps[at]:,.0f}", frame.validation[at] * factor))
        lines = "".join(
            f"<tr><td style='color:{quiet}; padding-right:10px'>{name}</td><td align='right'><b>{value:.3f}</b></td></tr>"
            for name, value in rows
        )
        self.card.setText(f"<b>step {step:,.0f}</b><table cellspacing='0'>{lines}</table>")
        self.card.adjustSize()
        box = self.loss.getViewBox()
        x = self.loss.mapFromScene(box.mapViewToScene(QPointF(self._x(step), 0.0))).x()
        area = self.loss.mapFromScene(box.sceneBoundingRect()).boundingRect()
        left = x + 12 if x + 12 + self.card.width() < area.right() else x - 12 - self.card.width()
        self.card.move(max(area.left() + 2, left), area.top() + 6)

    def show_everything(self) -> None:
        """Undo every zoom and follow the run again."""
        self.loss.enableAutoRange()

    def _follow(self, box: object, steps: tuple[float, float]) -> None:
        """The small plots show the steps that the large one shows."""
        for small in self.small.values():
            small.set_span(*steps)

    def _on_log(self, on: bool) -> None:
        self.loss.setLogMode(x=on, y=self.log_loss.isChecked())
        for small in self.small.values():
            small.set_log(on)
        self._draw_loss()
        self.show_everything()

    def _on_log_loss(self, on: bool) -> None:
        self.loss.setLogMode(x=self.log.isChecked(), y=on)
        self._draw_loss()
        self.show_everything()

    def _on_forget(self) -> None:
        self.runs.forget()
        self._draw_loss()

    def _on_unit(self, unit: str) -> None:
        self._draw_loss()
        self._print_stamp()
        self._read(self._step)
        self.loss.enableAutoRange()

    def _build(self) -> None:
        self._training, self._smoothed, self._floor = self.loss.curve(), self.loss.curve(), self.loss.curve()
        self._validation = self.loss.curve()
        self.units.set_value("nats")
        self.units.set_accessible("Unit of the loss")
        self.log.setCheckable(True)
        self.log.setProperty("role", "segment")
        self.log.setProperty("end", "only")
        self.log.setToolTip("Steps on a logarithmic axis")
        self.log.setAccessibleName("Logarithmic steps")
        self.log_loss.setCheckable(True)
        self.log_loss.setProperty("role", "segment")
        self.log_loss.setProperty("end", "only")
        self.log_loss.setToolTip("The loss on a logarithmic axis")
        self.log_loss.setAccessibleName("Logarithmic loss")
        self.forget.setProperty("role", "link")
        self.forget.setToolTip("Take the lines of earlier runs away")
        self.forget.setAccessibleName("Forget earlier runs")
        self.forget.hide()
        self.fit.setProperty("role", "link")
        self.fit.setToolTip("Show everything again (double click)")
        self.fit.setAccessibleName("Show the whole curves")
        self.card.setTextFormat(Qt.TextFormat.RichText)
        self.card.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.card.hide()
        header = QHBoxLayout()
        header.setSpacing(theme.GRID)
        for widget in (self.title, self.units, self.log, self.log_loss, self.fit, self.forget):
            header.addWidget(widget)
        header.addStretch(1)
        header.addWidget(self.stamp)
        self._beneath = QWidget()
        beneath = QGridLayout(self._beneath)
        beneath.setContentsMargins(0, 0, 0, 0)
        beneath.setHorizontalSpacing(16)
        for column, small in enumerate(self.small.values()):
            beneath.addWidget(small, 0, column)
            beneath.setColumnStretch(column, 1)
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(16, 10, 16, 8)
        whole.setSpacing(theme.GRID)
        whole.addLayout(header)
        whole.addWidget(self.loss, 5)
        whole.addWidget(self._beneath, 2)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(content)
        self.setMinimumSize(300, 180)

    def _connect(self) -> None:
        self.units.chosen.connect(self._on_unit)
        self.log.toggled.connect(self._on_log)
        self.log_loss.toggled.connect(self._on_log_loss)
        self.forget.clicked.connect(self._on_forget)
        self.fit.clicked.connect(self.show_everything)
        self.loss.getViewBox().sigXRangeChanged.connect(self._follow)
        plots: list[Plot | Small] = [self.loss, *self.small.values()]
        for plot in plots:
            plot.pointed.connect(self._on_pointed)
            plot.fit_wanted.connect(self.show_everything)

    def _share_out(self) -> None:
        """Small plots that have something to say, as many as there is room for."""
        asked = self._frame is not None and bool(np.isfinite(self._frame.scores).any())
        self.small["scores"].setVisible(asked)
        self.small["grad_norm"].setVisible(self.width() >= (760 if asked else 560))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Little room shows the loss alone."""
        super().resizeEvent(event)
        tight = self.height() < 300
        self._beneath.setVisible(not tight)
        self._share_out()
        for widget in (self.units, self.log, self.log_loss, self.fit):
            widget.setVisible(self.width() >= 480)
        if self.loss.set_names(self.width() >= 480):
            self._draw_loss()
        self._print_stamp()


PANEL = CurvesPanel
