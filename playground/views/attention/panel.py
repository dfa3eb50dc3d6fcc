"""The attention panel: all heads at a glance, one of them large with its tokens, and what can be said about it."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Caption, Elided, EmptyState
from playground.views.attention import scores
from playground.views.attention.frame import AttentionFrame, AttentionLook
from playground.views.attention.panel_matrix import Matrix
from playground.views.attention.panel_mosaic import Mosaic

SCORES = 5
"""What is said about a head."""
PAUSE_MS = 250
"""How long the person's typing must rest before the text is looked at."""


def layer_label(name: str) -> str:
    """ "decoder.2" is layer "3", its cross-attention "3×"; attention-free layers are absent, so a row's place does not tell."""
    cross = "×" if name.endswith(".cross") else ""
    return next((f"{int(part) + 1}{cross}" for part in name.split(".") if part.isdigit()), name)


def layer_title(name: str, names: tuple[str, ...]) -> str:
    """ "Layer 3", and of which stack where there are several."""
    stack, number = name.split(".")[0], layer_label(name).rstrip("×")
    several = len({other.split(".")[0] for other in names}) > 1
    title = f"{stack.capitalize()} layer {number}" if several else f"Layer {number}"
    return f"{title} · cross" if name.endswith(".cross") else title


class AttentionPanel(QWidget):
    """Hovering previews a head, a click locks it, Esc releases; heads are counted from 0 in code and from 1 on screen."""

    look_changed = Signal()
    head_chosen = Signal(str, int)
    """The person chose a head: the tap prefix of its layer ("decoder.2") and its index."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: AttentionFrame | None = None
        self._wish: tuple[str, int] = ("", 0)
        self._preview: tuple[str, int] | None = None
        self.locked = False
        self.mosaic, self.matrix = Mosaic(self), Matrix(self)
        self.heads, self.title = Caption("Layers × heads"), Caption()
        self.hint, self.stamp, self.text, self.note = Elided(), Elided(), QLabel(), QLabel()
        self.edit = self.field = QLineEdit()
        self.empty = EmptyState("Waiting for the first picture", "Attention appears here as soon as the model is loaded.")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.look_changed)
        self._build()
        self._connect()
        self.retheme()

    # -- what every panel offers --------------------------------------------------------------------------------

    def look(self) -> AttentionLook:
        """Which text the person wants to look at."""
        return AttentionLook(text=self.field.text())

    def draw(self, frame: AttentionFrame) -> None:
        """Show a picture of the model; arrays are kept, pixels are made when they are painted."""
        before, self._frame = self._frame, frame
        several = len({name.split(".")[0] for name in frame.names}) > 1
        labels = tuple((name[0].upper() if several else "") + layer_label(name) for name in frame.names)  # E1, D2, D2×
        if self._preview is not None and self._valid(*self._preview) != self._preview:
            self._preview = None
        self.mosaic.draw(frame.patterns, frame.causal, labels)
        if not frame.patterns or not frame.tokens:
            self.empty.title.setText("No layer attends")
            self.empty.hint.setText("Give a layer attention in the inspector, and its heads appear here.")
        self._pages.setCurrentIndex(1 if frame.patterns and frame.tokens else 0)
        self._stamp(frame)
        self._refresh()
        if before is None or _shape(before) != _shape(frame):
            self._fit()

    def retheme(self) -> None:
        """Take the theme and the type scale in force."""
        for caption in (self.heads, self.title):
            caption.restyle()
        for label in (self.hint, self.stamp, self.text, self.note):
            label.setFont(theme.font(0.9))
        self.field.setFont(theme.font(0.9, mono=True))
        self.empty.title.setFont(theme.font(1.3, bold=True))
        self.mosaic.retheme()
        self.matrix.retheme()
        self._fit()
        self._refresh()

    # -- choosing -----------------------------------------------------------------------------------------------

    def select(self, name: str, head: int | None = None) -> None:
        """Show a head because it was chosen elsewhere; without a head, the layer's head in the same place as now."""
        self._wish = (name, self._wish[1] if head is None else head)
        self._refresh()

    def selected(self) -> tuple[str, int] | None:
        """The chosen head; the nearest one there is when the chosen one does not exist (any more)."""
        return self._valid(*self._wish)

    def shown(self) -> tuple[str, int] | None:
        """The head in the large matrix: the one previewed, else the chosen one."""
        return self._preview or self.selected()

    def release(self) -> None:
        """Let hovering preview again, and let go of a held cell."""
        self.locked = False
        self.matrix.release()
        self._refresh()

    def _valid(self, name: str, head: int) -> tuple[str, int] | None:
        frame = self._frame
        if frame is None or not frame.patterns:
            return None
        row = frame.names.index(name) if name in frame.names else 0
        return frame.names[row], min(max(head, 0), len(frame.patterns[row]) - 1)

    def _at(self, row: int, head: int) -> tuple[str, int]:
        assert self._frame is not None
        return self._frame.names[row], head

    def _on_hover(self, row: int, head: int) -> None:
        self._preview = None if self.locked or row < 0 else self._at(row, head)
        self._refresh()

    def _on_pick(self, row: int, head: int) -> None:
        place = self._at(row, head)
        self.locked = not (self.locked and place == self.selected())
        self._choose(place)

    def _on_move(self, row: int, head: int) -> None:
        self._choose(self._at(row, head))

    def _choose(self, place: tuple[str, int]) -> None:
        changed = place != self.selected()
        self._wish, self._preview = place, None
        self._refresh()
        if changed:
            self.head_chosen.emit(*place)

    # -- inside -------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Bring matrix, frame and words to the head that is shown."""
        frame, shown, chosen = self._frame, self.shown(), self.selected()
        if frame is None or shown is None or chosen is None or not frame.tokens:
            return
        row = frame.names.index(shown[0])
        pattern = frame.patterns[row][shown[1]]
        self.mosaic.select((frame.names.index(chosen[0]), chosen[1]))
        queries, keys = frame.axes(shown[0])
        self.matrix.draw(pattern, queries, keys, frame.causal[row])
        where = f"{layer_title(shown[0], frame.names)} · head {shown[1] + 1}"
        self.mosaic.setAccessibleDescription(where)
        short = f"L{layer_label(shown[0])} · H{shown[1] + 1}"
        self.title.setText(short if self._tight() else where if self.width() < 860 else f"{where} — who looks at whom")
        self.hint.setText("locked · Esc releases" if self.locked else "click locks")
        self.text.setText(self._words(where, scores.score(pattern, queries, keys)))

    def _words(self, where: str, found: scores.HeadScores) -> str:
        quiet, strong = theme.theme().quiet, theme.theme().text
        cells = [
            f"<td style='color:{quiet}; padding-right:6px'>{name}</td>"
            f"<td style='color:{strong}; padding-right:14px'>{'–' if math.isnan(value) else f'{value:.2f}'}</td>"
            for name, value in (("entropy, nats", found.entropy), ("induction", found.induction),
                                ("previous token", found.previous), ("first token", found.first), ("itself", found.diagonal))
        ]  # fmt: skip
        across = self._across()
        rows = "".join(f"<tr>{''.join(cells[at : at + across])}</tr>" for at in range(0, len(cells), across))
        return (
            f"<div style='color:{strong}; font-weight:600'>{where}</div><table cellspacing='0' cellpadding='0'>{rows}</table>"
            f"<div style='color:{quiet}'>{self.matrix.thinned()}</div>"
        )

    def _build(self) -> None:
        self.note.setProperty("role", "quiet")
        self.note.setWordWrap(True)
        self.note.hide()
        self.text.setMinimumWidth(1)
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.stamp.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.field.setPlaceholderText("Type your own text here")
        self.field.setAccessibleName("Text to look at")
        self.field.setToolTip("The text whose attention is shown. Leave it empty to see the beginning of the validation text.")
        self.field.setClearButtonEnabled(True)
        self._left = QWidget()
        left = _column(self._left)
        left.addLayout(_row(self.heads, self.hint))
        left.addWidget(self.mosaic)
        left.addWidget(self.text)
        left.addStretch(1)
        left.addWidget(self.field)
        left.addWidget(self.note)
        right_side = QWidget()
        right = _column(right_side)
        right.addLayout(_row(self.title, self.stamp))
        right.addWidget(self.matrix, 1)
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(16, 10, 16, 12)
        row.setSpacing(24)
        row.addWidget(self._left)
        row.addWidget(right_side, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(content)
        self.setMinimumSize(300, 180)

    def _connect(self) -> None:
        self.mosaic.hovered.connect(self._on_hover)
        self.mosaic.picked.connect(self._on_pick)
        self.mosaic.moved.connect(self._on_move)
        self.mosaic.released.connect(self.release)
        self.matrix.released.connect(self.release)
        self.field.textChanged.connect(self._pause.start)
        self.field.returnPressed.connect(self._look_now)

    def _look_now(self) -> None:
        if self._pause.isActive():
            self._pause.stop()
            self.look_changed.emit()

    def _stamp(self, frame: AttentionFrame) -> None:
        total, room = sum(_shape(frame)), len(frame.tokens)
        picture = f"step {frame.step:,}"
        self.stamp.setText(picture if self._tight() else f"picture of {picture} · {total} of {total} heads")
        note = f"{frame.shortened:,} tokens not shown: there is room for {room}" if frame.shortened else ""
        if note != self.note.text():
            self.note.setText(note)
            self._fit()

    def _tight(self) -> bool:
        """Little room (all views at once on a small screen): only the mosaic and the matrix are shown."""
        return self.height() < 300 or self.width() < 480

    def _across(self) -> int:
        """How many scores stand side by side."""
        return 2 if self._left.width() >= theme.points(26) else 1

    def _fit(self) -> None:
        """Share the room: the mosaic takes what its shape needs, the matrix the rest; the words keep their height."""
        tight = self._tight()
        wide = round(min(max(0.36 * self.width(), 120), 460))
        self._left.setFixedWidth(wide)
        for widget in (self.text, self.field, self.hint):
            widget.setVisible(not tight)
        self.note.setVisible(not tight and bool(self.note.text()))
        below = 0
        if not tight:
            lines = 2 + -(-SCORES // self._across())
            self.text.setFixedHeight(lines * self.text.fontMetrics().lineSpacing() + 2)
            below = self.text.height() + self.field.sizeHint().height() + 3 * theme.GRID
            below += self.note.heightForWidth(wide) + theme.GRID if self.note.text() else 0
        room = self.height() - 22 - self.heads.sizeHint().height() - theme.GRID - below
        self.mosaic.setFixedHeight(max(40, min(self.mosaic.height_for(wide), room)))
        if (layout := self._left.layout()) is not None:
            layout.activate()  # what was hidden until now would be painted once in the wrong place

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Share the room anew."""
        super().resizeEvent(event)
        self._fit()
        if self._frame is not None:
            self._stamp(self._frame)
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Esc releases from anywhere in the panel."""
        if event.key() == Qt.Key.Key_Escape:
            self.release()
        else:
            super().keyPressEvent(event)


def _shape(frame: AttentionFrame) -> list[int]:
    return [len(layer) for layer in frame.patterns]


def _column(widget: QWidget) -> QVBoxLayout:
    made = QVBoxLayout(widget)
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(theme.GRID)
    return made


def _row(first: QWidget, last: QWidget) -> QHBoxLayout:
    made = QHBoxLayout()
    made.setSpacing(theme.GRID)
    made.addWidget(first)
    made.addStretch(1)
    made.addWidget(last)
    return made


PANEL = AttentionPanel
