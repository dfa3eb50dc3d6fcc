"""The flow panel: four quantities at once, forwards or learning, one of them large at a click, and the early warnings."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Elided, EmptyState, Pill, Segments
from playground.views.flow.frame import MEASURES, FlowFrame, FlowLook, Sign
from playground.views.flow.panel_strips import Strips

PAGES = (("forwards", "Forwards"), ("learning", "Learning"))
MOST_SIGNS = 3
"""Warnings in sight at once; how many more there are is said."""


class FlowPanel(QWidget):
    """Draws a FlowFrame. A click on a quantity shows it alone; another one, or Esc, all four."""

    look_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: FlowFrame | None = None
        self.large: str | None = None
        """The name of the measure that is shown alone."""
        self.strips = {measure.name: Strips(measure) for measure in MEASURES}
        self.pages, self.stamp = Segments(PAGES), Elided()
        self.back = QPushButton("‹ All four")
        self.mood, self.warnings = Pill(), QLabel()
        self.empty = EmptyState("What goes through the model appears here", "Norms, histograms, gradients and early warnings.")
        self._arrange()
        self.retheme()

    # -- what every panel offers --------------------------------------------------------------------------------

    def look(self) -> FlowLook:
        """A few sequences of the validation part."""
        return FlowLook()

    def draw(self, frame: FlowFrame) -> None:
        """Show the pictures so far."""
        self._frame = frame
        self._pages.setCurrentIndex(1)
        for strips in self._shown():
            strips.draw(frame)
        self._print_signs(frame.signs)
        self._print_stamp()

    def retheme(self) -> None:
        """Take the theme and the type scale in force."""
        bold = QFontMetricsF(theme.font(bold=True))
        for button in self.pages.buttons():  # the chosen one is bold and must not be cut
            button.setMinimumWidth(round(bold.horizontalAdvance(button.text())) + 28)
        self.stamp.setFont(theme.font(0.9))
        self.warnings.setFont(theme.font(1.0))
        self.mood.setFont(theme.font(0.9))
        self.empty.title.setFont(theme.font(1.3, bold=True))
        for strips in self.strips.values():
            strips.retheme()
        if self._frame is not None:
            self._print_signs(self._frame.signs)

    def show_large(self, name: str | None) -> None:
        """Show one measure alone; None shows all four of its page."""
        self.large = name
        for strips in self.strips.values():
            strips.setVisible(strips in self._shown())
        for line in range(2):  # a lone one takes everything
            alone = None if name is None else [measure.name for measure in MEASURES].index(name) % 4
            self._grid.setRowStretch(line, 1 if alone is None or alone // 2 == line else 0)
            self._grid.setColumnStretch(line, 1 if alone is None or alone % 2 == line else 0)
        self._grid.setHorizontalSpacing(20 if name is None else 0)
        self._grid.setVerticalSpacing(6 if name is None else 0)
        self.back.setVisible(name is not None)
        if self._frame is not None:
            self.draw(self._frame)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Esc shows all four again."""
        if event.key() == Qt.Key.Key_Escape and self.large is not None:
            self.show_large(None)
        else:
            super().keyPressEvent(event)

    # -- inside -------------------------------------------------------------------------------------------------

    def _shown(self) -> list[Strips]:
        """The measures in sight."""
        learning = self.pages.value() == "learning"
        return [
            each for name, each in self.strips.items()
            if (name == self.large if self.large is not None else each.measure.learning == learning)
        ]  # fmt: skip

    def _on_page(self, page: str) -> None:
        self.show_large(None)

    def _on_clicked(self, name: str) -> None:
        self.show_large(None if self.large == name else name)

    def _print_signs(self, signs: tuple[Sign, ...]) -> None:
        """The warnings, the most urgent first, or that there is none."""
        self.mood.set_role("warning" if signs else "good")
        self.mood.setText(f"{len(signs)} warning{'s' if len(signs) > 1 else ''}" if signs else "no sign of divergence")
        quiet = theme.theme().quiet
        shown = signs[: MOST_SIGNS if self.height() >= 340 else 1]
        lines = [f"⚠ {sign.text} <span style='color:{quiet}'>{sign.advice}</span>" for sign in shown]
        if len(signs) > len(shown):
            lines.append(f"<span style='color:{quiet}'>and {len(signs) - len(shown)} more</span>")
        self.warnings.setText("<br>".join(lines))
        self.warnings.setToolTip("\n".join(f"{sign.text} {sign.advice}" for sign in signs))
        self._card.setVisible(bool(signs))

    def _print_stamp(self) -> None:
        if (frame := self._frame) is None:
            return
        step, count = f"step {frame.step:,}", len(frame.steps)
        seen = f"{count} picture{'s' if count > 1 else ''}"
        self.stamp.setText(f"{step} · {seen} of {frame.tokens} tokens" if self.width() >= 620 else step)
        said = f"Picture of {step}. {seen} since the view was opened; each reads {frame.tokens} tokens of the validation part."
        self.stamp.setToolTip(said)

    def _arrange(self) -> None:
        self.pages.set_value("forwards")
        self.pages.set_accessible("What is shown")
        self.pages.chosen.connect(self._on_page)
        self.back.setProperty("role", "link")
        self.back.clicked.connect(lambda: self.show_large(None))
        self.stamp.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        head.addWidget(self.pages)
        head.addWidget(self.mood)
        head.addWidget(self.back)
        head.addWidget(self.stamp, 1)
        self._grid = QGridLayout()
        for at, (name, strips) in enumerate(self.strips.items()):
            self._grid.addWidget(strips, *divmod(at % 4, 2))
            strips.clicked.connect(lambda name=name: self._on_clicked(name))
        self.warnings.setWordWrap(True)
        self.warnings.setTextFormat(Qt.TextFormat.RichText)
        self._card = QFrame()
        self._card.setProperty("role", "notice")
        inner = QVBoxLayout(self._card)
        inner.setContentsMargins(12, 7, 12, 7)
        inner.addWidget(self.warnings)
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(16, 10, 16, 10)
        whole.setSpacing(theme.GRID)
        whole.addLayout(head)
        whole.addLayout(self._grid, 1)
        whole.addWidget(self._card)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(content)
        self.setMinimumSize(300, 180)
        self.show_large(None)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Little room says less."""
        super().resizeEvent(event)
        if self._frame is not None:
            self._print_signs(self._frame.signs)
        self._print_stamp()


PANEL = FlowPanel
