"""The tokens panel: the text as the model sees it, and what each token cost it."""

from __future__ import annotations

import math

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.tokentext import quoted
from playground.style.widgets import Caption, EmptyState, Segments
from playground.views.tokens.frame import TokensFrame, TokensLook
from playground.views.tokens.panel_chips import WORST, Chips

PAGE = 400
DELAY_MS = 250
CUTS, SURPRISE = "cuts", "surprise"


class TokensPanel(QWidget):
    """Draws a TokensFrame: cuts in alternating hues, or each token's surprise on a fixed scale."""

    look_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: TokensFrame | None = None
        self._start = 0
        self.title, self.stamp, self.facts, self.reading = Caption("Tokens"), QLabel(), QLabel(), QLabel()
        self.mode = Segments(((CUTS, "Cuts"), (SURPRISE, "Surprise")))
        self.mode.set_accessible("Colour by")
        self.mode.set_value(CUTS)
        self.mode.setToolTip(f"Cuts: one hue after another. Surprise: the loss of each token, full colour at {WORST:.0f} nats")
        self.edit, self.chips = QLineEdit(), Chips()
        self.edit.setPlaceholderText("Type a text to see it cut; empty shows the validation text")
        self.edit.setAccessibleName("Text to cut")
        self.back, self.on = QPushButton("‹ Back"), QPushButton("On ›")
        self.back.setAccessibleName("Earlier part of the validation text")
        self.on.setAccessibleName("Later part of the validation text")
        for text in (self.stamp, self.facts, self.reading):
            text.setProperty("role", "quiet")
        self._arrange()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.look_changed)
        self.edit.textEdited.connect(self._timer.start)
        self.back.clicked.connect(lambda: self._turn(-PAGE))
        self.on.clicked.connect(lambda: self._turn(PAGE))
        self.mode.chosen.connect(self._on_mode)
        self.chips.hovered.connect(self._read)
        self.retheme()

    def look(self) -> TokensLook:
        """The person's text, or a page of the validation text."""
        return TokensLook(self.edit.text(), self._start, PAGE)

    def draw(self, frame: TokensFrame) -> None:
        """Show a frame."""
        self._frame = frame
        self._pages.setCurrentIndex(1)
        self.chips.draw(frame)
        self.facts.setText(
            f"{frame.tokenizer} · vocabulary {frame.vocab:,} · {frame.bytes_per_token:.2f} bytes per token · "
            f"{frame.train_tokens:,} tokens to train on, {frame.validation_tokens:,} to validate"
        )
        self.stamp.setText(f"picture of step {frame.step:,} · {len(frame.tokens):,} tokens")
        own = bool(self.edit.text())
        self.back.setEnabled(not own and self._start > 0)
        self.on.setEnabled(not own and self._start + PAGE < frame.validation_tokens)
        self._read(self.chips.hover)

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        self.title.restyle()
        for text in (self.stamp, self.facts):
            text.setFont(theme.font(0.9))
        self.reading.setFont(theme.font(1.05))
        self.chips.flow()
        self.chips.update()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.mode)
        head.addStretch(1)
        head.addWidget(self.stamp)
        row = QHBoxLayout()
        row.addWidget(self.edit, 1)
        row.addWidget(self.back)
        row.addWidget(self.on)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self.chips)
        area.setAccessibleName("Tokens of the text")
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addLayout(row)
        column.addWidget(area, 1)
        column.addWidget(self.reading)
        column.addWidget(self.facts)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(EmptyState("No text yet", "It appears as soon as a model is loaded."))
        self._pages.addWidget(shown)

    def _turn(self, by: int) -> None:
        self._start = max(0, self._start + by)
        self.look_changed.emit()

    def _on_mode(self, mode: str) -> None:
        self.chips.surprise = mode == SURPRISE
        self.chips.update()

    def _read(self, index: int) -> None:
        """Say what is known of the token under the pointer."""
        if self._frame is None or not 0 <= index < len(self._frame.tokens):
            self.reading.setText("Point at a token to read its number and what it cost.")
            return
        loss = float(self._frame.losses[index])
        cost = "the first one has nothing before it" if math.isnan(loss) else f"{loss:.2f} nats, {math.exp(-loss):.0%} expected"
        self.reading.setText(f"{quoted(self._frame.tokens[index])} · id {int(self._frame.ids[index])} · {cost}")


PANEL = TokensPanel
