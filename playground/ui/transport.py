"""The transport bar: which model, which text, play, step, start again, and the figures a room reads from afar."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Pill
from playground.worker.mailbox import Status


class TransportBar(QWidget):
    """Buttons emit bare signals; `show_status` paints the figures."""

    play_pressed = Signal()
    step_pressed = Signal()
    restart_pressed = Signal()
    theme_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(64)
        self.model_menu, self.text_menu, self.more_menu = QMenu(self), QMenu(self), QMenu(self)
        self.model = self._chooser("Model", self.model_menu)
        self.text = self._chooser("Text", self.text_menu)
        self.restart = self._round("Start again from step 0", 34, self.restart_pressed)
        self.play = self._round("Play", 46, self.play_pressed)
        self.step = self._round("One step", 34, self.step_pressed)
        units = {"step": "step", "loss": "loss, nats", "validation": "validation", "score": "right", "speed": "tokens / s"}
        self.figures = {name: _Figure(unit) for name, unit in units.items()}
        self.device, self.watching = Pill("starting"), Pill("")
        self.watching.setToolTip("Share of the time that goes into pictures and answers instead of training")
        self.look = QPushButton("Light")
        self.look.setToolTip("Switch between light and dark")
        self.look.clicked.connect(self.theme_pressed)
        self.more = QToolButton()
        self.more.setText("⋯")
        self.more.setAccessibleName("All actions")
        self.more.setToolTip("All actions and their shortcuts")
        self.more.setMenu(self.more_menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._mode = ""
        self._arrange()
        self.retheme()

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(8)
        for chooser in (self.model, self.text):
            row.addWidget(chooser)
        row.addSpacing(8)
        for button in (self.restart, self.play, self.step):
            row.addWidget(button)
        row.addSpacing(12)
        for figure in self.figures.values():
            row.addWidget(figure)
            row.addSpacing(8)
        row.addStretch(1)
        ends: tuple[QWidget, ...] = (self.device, self.watching, self.look, self.more)
        for widget in ends:
            row.addWidget(widget)

    def show_document(self, model: str, model_detail: str, text: str, text_detail: str) -> None:
        """Name the model and the text, each with a quiet detail."""
        for button, name, detail in ((self.model, model, model_detail), (self.text, text, text_detail)):
            button.setText(f"{name}  ▾\n{detail}")
            button.setAccessibleDescription(f"{name}, {detail}")

    def show_status(self, status: Status) -> None:
        """Paint the figures of a status."""
        mode = "running" if status.mode == "running" else "paused"
        if mode != self._mode:
            self._mode = mode
            self.play.setAccessibleName("Pause" if mode == "running" else "Play")
            self.play.setToolTip("Pause (Space)" if mode == "running" else "Train (Space)")
            self._draw_icons()
        ready = status.mode in ("running", "paused")
        for button in (self.play, self.step, self.restart):
            button.setEnabled(ready)
        self.figures["step"].show_value(f"{status.step:,}")
        self.figures["loss"].show_value("–" if status.loss is None else f"{status.loss:.3f}")
        self.figures["validation"].show_value("–" if status.validation is None else f"{status.validation:.3f}")
        self.figures["score"].setVisible(status.score is not None)
        self.figures["score"].show_value("–" if status.score is None else _percent(status.score))
        self.figures["validation"].setToolTip(
            "" if status.floor is None else f"No model gets below {status.floor:.3f} nats per token here"
        )
        if status.tokens_per_s or not status.step:  # at rest, the speed it had stays
            self.figures["speed"].show_value(_thousands(status.tokens_per_s) if status.tokens_per_s else "–")
        if status.device:
            plural = "" if status.threads == 1 else "s"
            short = status.device.split(" · ")[0]
            threads = f" · {status.threads} thread{plural}" if short.startswith("CPU") else ""
            self.device.setText(f"{short}{threads}")
            self.device.setToolTip(status.device)
        else:
            self.device.setText("starting")
        self.watching.setText(f"watching costs {status.watching:.0%}" if status.mode == "running" else status.mode)

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for button in (self.model, self.text):
            button.setFont(theme.font(0.95))
        for figure in self.figures.values():
            figure.retheme()
        for pill in (self.device, self.watching):
            pill.setFont(theme.font(0.9))
        self.look.setText("Light" if theme.theme().dark else "Dark")
        self.look.setAccessibleName(f"{self.look.text()} theme")
        self._draw_icons()

    def _chooser(self, name: str, menu: QMenu) -> QPushButton:
        button = QPushButton(self)
        button.setAccessibleName(name)
        button.setToolTip(f"Choose the {name.lower()}")
        button.setMinimumWidth(118)
        button.setStyleSheet("text-align: left; padding-top: 3px; padding-bottom: 3px;")
        button.setFixedHeight(46)
        button.clicked.connect(lambda: menu.exec(button.mapToGlobal(button.rect().bottomLeft())))
        return button

    def _round(self, name: str, size: int, signal: object) -> QToolButton:
        button = QToolButton(self)
        button.setFixedSize(size, size)
        button.setIconSize(QSize(size // 2, size // 2))
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setEnabled(False)
        button.clicked.connect(signal)
        return button

    def _draw_icons(self) -> None:
        t = theme.theme()
        for button, shape, loud in (
            (self.restart, "restart", False),
            (self.play, "pause" if self._mode == "running" else "play", True),
            (self.step, "step", False),
        ):
            button.setIcon(icon(shape, t.on_accent if loud else t.text))
            ground = t.accent if loud else t.surface
            radius = button.width() // 2
            button.setStyleSheet(
                f"QToolButton {{ background: {ground}; border: 1px solid {ground if loud else t.line};"
                f" border-radius: {radius}px; padding: 0; }}"
                f"QToolButton:focus {{ border: 3px solid {t.text if loud else t.accent}; }}"
                f"QToolButton:disabled {{ background: {t.raised}; border-color: {t.raised}; }}"
            )


class _Figure(QWidget):
    """One number in large type over its unit."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.value, self.unit = QLabel("–", self), QLabel(unit, self)
        self.unit.setProperty("role", "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.value)
        column.addWidget(self.unit)
        self.setAccessibleName(unit)
        self.retheme()

    def show_value(self, text: str) -> None:
        """Set the number; free when it is the same."""
        if text != self.value.text():
            self.value.setText(text)
            self.setAccessibleDescription(f"{text} {self.unit.text()}")

    def retheme(self) -> None:
        """Take the type sizes in force."""
        self.value.setFont(theme.font(1.45, bold=True))
        self.unit.setFont(theme.font(0.85))
        self.setMinimumWidth(self.value.fontMetrics().horizontalAdvance("88,888"))


def _percent(share: float) -> str:
    """A share that is 100 % only when nothing is missing."""
    return "100 %" if share == 1.0 else f"{min(share, 0.999):.1%}".replace("%", " %")


def _thousands(value: float) -> str:
    return f"{value:,.0f}" if value < 10_000 else f"{value / 1000:.1f} k" if value < 1e6 else f"{value / 1e6:.2f} M"


def icon(shape: str, colour: str) -> QIcon:
    """A transport sign drawn for any size: 96 pixels, scaled down by Qt."""
    pixmap = QPixmap(96, 96)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    path = QPainterPath()
    if shape == "pause":
        path.addRoundedRect(QRectF(20, 14, 20, 68), 5, 5)
        path.addRoundedRect(QRectF(56, 14, 20, 68), 5, 5)
    elif shape in ("play", "step"):
        left = 24 if shape == "play" else 14
        path.moveTo(left, 12)
        path.lineTo(left + 58, 48)
        path.lineTo(left, 84)
        path.closeSubpath()
        if shape == "step":
            path.addRoundedRect(QRectF(74, 12, 10, 72), 3, 3)
    else:
        pen = painter.pen()
        pen.setStyle(Qt.PenStyle.SolidLine)
        pen.setColor(QColor(colour))
        pen.setWidth(10)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(QRectF(16, 16, 64, 64), 60 * 16, 290 * 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        tip = QPointF(66, 20)
        path.moveTo(tip + QPointF(-22, -16))
        path.lineTo(tip + QPointF(14, 4))
        path.lineTo(tip + QPointF(-18, 24))
        path.closeSubpath()
    painter.drawPath(path)
    painter.end()
    return QIcon(pixmap)
