"""The tokens panel: the text as the model sees it, and what each token cost it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Elided, EmptyState, Segments
from playground.views.lit import Lit
from playground.views.tokens.frame import TokensFrame, TokensLook
from playground.views.tokens.panel_chips import WORST, Chips
from playground.views.tokens.panel_facts import Facts, Scale

PAGE = 400
DELAY_MS = 250
CUTS, SURPRISE = "cuts", "surprise"
UNITS = ("tokenizer", "vocabulary", "bytes a token", "to train on", "to validate")
KINDS = {"bpe": "BPE"}


class TokensPanel(QWidget):
    """Draws a TokensFrame: cuts in alternating hues, or each token's surprise on a fixed scale."""

    look_changed = Signal()
    lit = Signal(object)
    """A `Lit`: the token that is hovered or held."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: TokensFrame | None = None
        self._start: int | None = None
        self.facts, self.stamp, self.where, self.scale = Facts(UNITS), Elided(), Elided(), Scale(WORST)
        self.hint = Elided("Point at a token to see its number and what it cost")
        self.mode = Segments(((CUTS, "Cuts"), (SURPRISE, "Surprise")))
        self.mode.set_accessible("Colour by")
        self.mode.set_value(CUTS)
        self.mode.setToolTip("Cuts: where one token ends. Surprise: what the model paid for each token")
        self.edit, self.chips, self.area = QLineEdit(), Chips(), QScrollArea()
        self.edit.setPlaceholderText("Type a text to see it cut; empty shows the validation text")
        self.edit.setAccessibleName("Text to cut")
        self.edit.setClearButtonEnabled(True)
        self.back, self.on = QPushButton("‹"), QPushButton("›")
        for button, name in (
            (self.back, "Earlier part of the validation text"),
            (self.on, "Later part of the validation text"),
        ):
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.setFixedWidth(40)
        self.empty = EmptyState("Waiting for the first picture", "The text appears here as soon as a model is loaded.")
        self._arrange()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.look_changed)
        self.edit.textChanged.connect(self._timer.start)
        self.back.clicked.connect(lambda: self._turn(-PAGE))
        self.on.clicked.connect(lambda: self._turn(PAGE))
        self.mode.chosen.connect(self._on_mode)
        self.chips.reached.connect(self._on_reached)
        self.chips.hovered.connect(self._tell)
        self.chips.locked.connect(self._tell)
        self.retheme()

    def look(self) -> TokensLook:
        """The person's text, or a page of the validation text."""
        return TokensLook(self.edit.text(), self._start, PAGE)

    def draw(self, frame: TokensFrame) -> None:
        """Show a frame."""
        before, self._frame = self._frame, frame
        self._pages.setCurrentIndex(1)
        self.chips.draw(frame)
        if before is None or before.tokens != frame.tokens:
            self.area.verticalScrollBar().setValue(0)
        self.facts.say(
            KINDS.get(frame.tokenizer, frame.tokenizer.capitalize()), f"{frame.vocab:,}", f"{frame.bytes_per_token:.2f}",
            f"{frame.train_tokens:,}", f"{frame.validation_tokens:,}",
        )  # fmt: skip
        known = frame.losses[~np.isnan(frame.losses)]
        mean = f" · {known.mean():.2f} nats a token" if len(known) else ""
        self.stamp.setText(f"picture of step {frame.step:,}{mean}")
        own = bool(self.edit.text())
        last = max(0, frame.validation_tokens - PAGE)
        start = frame.start
        self.where.setText(
            f"{len(frame.tokens):,} tokens of your own text" if own
            else f"tokens {start + 1:,} – {start + len(frame.tokens):,} of the validation text"
        )  # fmt: skip
        self.back.setEnabled(not own and start > 0)
        self.on.setEnabled(not own and start < last)

    def show_lit(self, lit: Lit) -> None:
        """Mark what another view points at: its places where they are on this page, or the same tokens."""
        frame = self._frame
        if frame is None:
            return
        rows = np.flatnonzero(np.isin(frame.reads, lit.positions)) if lit.positions else np.zeros(0, np.int64)
        self.chips.light(frozenset((rows if len(rows) else np.flatnonzero(np.isin(frame.ids, lit.ids))).tolist()))

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        self.facts.retheme()
        for text in (self.stamp, self.where, self.hint, self.edit, *self.mode.buttons()):
            text.setFont(theme.font(0.9))
        bold = QFontMetricsF(theme.font(0.9, bold=True))
        for button in self.mode.buttons():  # the chosen one is bold and must not be cut
            button.setMinimumWidth(round(bold.horizontalAdvance(button.text())) + 28)
        self.edit.setFont(theme.font(0.95, mono=True))
        self.empty.title.setFont(theme.font(1.3, bold=True))
        self.scale.updateGeometry()
        self.chips.flow()

    def _arrange(self) -> None:
        self.scale.hide()
        rows = [QHBoxLayout() for _ in range(3)]
        head, middle, foot = rows
        head.addWidget(self.facts)
        head.addStretch(1)
        head.addWidget(self.stamp, alignment=Qt.AlignmentFlag.AlignTop)
        middle.addWidget(self.edit, 1)
        middle.addWidget(self.mode)
        for widget in (self.hint, self.scale):
            foot.addWidget(widget)
        foot.addStretch(1)
        foot.addWidget(self.where)
        for turner in (self.back, self.on):
            foot.addWidget(turner)
        self.area.setWidgetResizable(True)
        self.area.setWidget(self.chips)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(10)
        for row in rows:
            row.setSpacing(8)
        column.addLayout(head)
        column.addLayout(middle)
        column.addWidget(self.area, 1)
        column.addLayout(foot)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Little room leaves out what only helps."""
        super().resizeEvent(event)
        self.hint.setVisible(self._roomy() and not self.chips.surprise)

    def _roomy(self) -> bool:
        return self.width() >= theme.points(54)

    def _turn(self, by: int) -> None:
        frame = self._frame
        if frame is None:
            return
        self._start = min(max(0, frame.start + by), max(0, frame.validation_tokens - PAGE))
        self.look_changed.emit()

    def _on_mode(self, mode: str) -> None:
        self.chips.surprise = mode == SURPRISE
        leaves, comes = (self.hint, self.scale) if mode == SURPRISE else (self.scale, self.hint)
        leaves.hide()
        comes.setVisible(comes is self.scale or self._roomy())
        self.chips.update()

    def _tell(self) -> None:
        """Say what is pointed at."""
        frame, chips = self._frame, self.chips
        index = chips.hover if chips.hover >= 0 else chips.held
        if frame is None or not 0 <= index < len(frame.ids):
            self.lit.emit(Lit())
            return
        place = int(frame.reads[index])
        self.lit.emit(Lit((place,) if place >= 0 else (), (int(frame.ids[index]),), index == chips.held))

    def _on_reached(self, index: int) -> None:
        """A token reached with the keyboard comes into sight."""
        place = self.chips.place_of(index).center().toPoint()
        self.area.ensureVisible(place.x(), place.y(), 0, 60)


PANEL = TokensPanel
