"""One head's pattern with its tokens along both axes: hover reads a cell, a click or the arrow keys hold on to it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import colourmaps, theme, tokentext
from playground.views.attention import panel_card, scores

LEGEND = 56
"""Pixels right of the matrix for the scale."""
EDGE = 30
"""Pixels at the right and at the foot for totals."""
SLOPE = math.sqrt(0.5)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th …"""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


class Matrix(QWidget):
    """Queries are rows, keys are columns; `cell` is the (query, key) being read, if any."""

    read = Signal()
    """Another cell is being read, or none."""
    released = Signal()
    """Esc was pressed with nothing held."""
    entered = Signal()
    """The cell that is read shall be worked out: Enter, or a double click."""
    menu_wanted = Signal(object)
    """A menu for the cell under a global point."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pattern = np.zeros((0, 0), dtype=np.float32)
        self._tokens: tuple[str, ...] = ()
        self._keys: tuple[str, ...] = ()
        self._causal = True
        self._image: QImage | None = None
        self._rows: list[str] = []
        self._columns: list[str] = []
        self._longest = 1, 1
        self._hover: tuple[int, int] | None = None
        self._held: tuple[int, int] | None = None
        self._overlay: tuple[tuple[np.ndarray, str], ...] = ()
        self.signed = False
        """Whether differences of two models are drawn."""
        self.totals = False
        """Whether what each key receives, and how far each query looks around, stand at the edges."""
        self.lit: tuple[frozenset[int], frozenset[int]] = frozenset(), frozenset()
        """Queries and keys that another view points at."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Who looks at whom")

    def draw(
        self, pattern: np.ndarray, tokens: tuple[str, ...], keys: tuple[str, ...], causal: bool,
        overlay: tuple[tuple[np.ndarray, str], ...] = (),
    ) -> None:  # fmt: skip
        """Show (query, key) weights of `tokens` over `keys`, the same ones or an encoder's; pixels are made when painted.

        With an `overlay` of several patterns and their colours ("#rrggbb"), those are laid over each other instead.
        """
        self._overlay = overlay
        if (tokens, keys) != (self._tokens, self._keys):
            self._rows = [tokentext.label(token) for token in tokens]
            self._columns = [tokentext.label(token, 8) for token in keys]
            self._longest = max(map(len, self._rows), default=1), max(map(len, self._columns), default=1)
            self._hover = self._held = None
        self._pattern, self._tokens, self._keys, self._causal, self._image = pattern, tokens, keys, causal, None
        self.setAccessibleDescription(" ".join(self.card()))
        self.update()

    def retheme(self) -> None:
        """Make the picture again: empty cells carry a colour of the theme."""
        self._image = None
        self.update()

    @property
    def cell(self) -> tuple[int, int] | None:
        """The (query, key) being read: the one pointed at, else the one held."""
        return self._hover or self._held

    @property
    def holds(self) -> bool:
        """Whether a cell is held on to."""
        return self._held is not None

    def card(self) -> tuple[str, ...]:
        """What is said about the cell: the two tokens, the weight, and how the key stands to the query; or nothing."""
        if self.cell is None:
            return ()
        query, key = self.cell
        pair = f"{tokentext.quoted(self._tokens[query])} → {tokentext.quoted(self._keys[key])}"
        if self._causal and key > query:
            return pair, "–", "in the future: the mask hides it"
        if self._keys != self._tokens:
            return pair, self._said(query, key), f"{ordinal(key + 1)} token of the source"
        return pair, self._said(query, key), scores.relation(self._tokens, query, key)

    def _said(self, query: int, key: int) -> str:
        return f"{self._pattern[query, key]:+.2f} against B" if self.signed else f"{self._pattern[query, key]:.2f}"

    def hold(self, cell: tuple[int, int]) -> None:
        """Hold on to a cell."""
        self._held, self._hover = cell, None
        self._changed()

    def light(self, queries: frozenset[int], keys: frozenset[int]) -> None:
        """Mark what another view points at."""
        if (queries, keys) != self.lit:
            self.lit = queries, keys
            self.update()

    def release(self) -> bool:
        """Let go of the held cell; False when none was held."""
        held, self._held = self._held, None
        self._changed()
        return held is not None

    # -- what the person does -----------------------------------------------------------------------------------

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """The cell under a point; a token's label stands for the strongest weight of its row or column."""
        area, count, width = self.area(), len(self._tokens), len(self._keys)
        if not count or not width:
            return None
        step = area.width() / width
        query, key = int((point.y() - area.top()) // step), int((point.x() - area.left()) // step)
        if 0 <= query < count and 0 <= key < width:
            return query, key
        if 0 <= query < count and 0 <= point.x() < area.left():
            return query, int(self._pattern[query].argmax())
        if 0 <= point.y() < area.top():
            lean = SLOPE if self._slanted() else 0.0  # slanted labels start above their column and lean to the right
            key = int((point.x() - (area.top() - point.y()) * lean / SLOPE - area.left()) // step)
            if 0 <= key < width:
                return int(self._pattern[:, key].argmax()), key
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Read the cell under the pointer."""
        self._point_at(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Back to the held cell, or to none."""
        self._point_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Hold on to a cell; the same again lets go."""
        if event.button() == Qt.MouseButton.LeftButton:
            cell = self.cell_at(event.position())
            self._held = None if cell == self._held else cell
            self._changed()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Work the cell out."""
        if (cell := self.cell_at(event.position())) is not None:
            self.hold(cell)
            self.entered.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """What can be done to the cell that is read."""
        if event.reason() == QContextMenuEvent.Reason.Mouse and (cell := self.cell_at(QPointF(event.pos()))) is not None:
            self.hold(cell)
        if self.cell is not None:
            self.menu_wanted.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrows walk from cell to cell, Esc lets go."""
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        last, end = len(self._tokens) - 1, len(self._keys) - 1
        if event.key() == Qt.Key.Key_Escape:
            if not self.release():
                self.released.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.cell is not None:
            self.entered.emit()
        elif last >= 0 and event.key() in steps:
            down, right = steps[Qt.Key(event.key())]
            query, key = self.cell or (last, int(self._pattern[last].argmax()) - right)
            self._held, self._hover = (min(max(query + down, 0), last), min(max(key + right, 0), end)), None
            self._changed()
        else:
            super().keyPressEvent(event)

    def _point_at(self, cell: tuple[int, int] | None) -> None:
        if cell != self._hover:
            self._hover = cell
            self._changed()

    def _changed(self) -> None:
        self.setAccessibleDescription(" ".join(self.card()))
        self.read.emit()
        self.update()

    # -- inside -------------------------------------------------------------------------------------------------

    def _bare(self) -> bool:
        """Too little room for names: the cells take it all, and hovering still tells the tokens."""
        return min(self.width(), self.height()) < 200

    def _slanted(self) -> bool:
        return self._longest[1] > 1

    def area(self) -> QRectF:
        """Where the cells are drawn: square ones, as large as fit beside the labels."""
        if self._bare():
            return self._filled(QPointF(2, 2), self.width() - LEGEND, self.height() - 4)
        metrics = QFontMetricsF(theme.font(0.85, mono=True, bold=True))
        widest = metrics.horizontalAdvance("0") * self._longest[1]
        left = metrics.horizontalAdvance("0") * max(7, self._longest[0]) + 10
        rise = (widest + metrics.height()) * SLOPE + 4 if self._slanted() else metrics.height() + 6
        right = max(LEGEND, widest * SLOPE + 4 if self._slanted() else 0)
        edge = EDGE if self.totals else 0
        wide, high = self.width() - left - right - edge, self.height() - rise - 8 - edge
        return self._filled(QPointF(round(left), round(rise)), wide, high)

    def _filled(self, corner: QPointF, wide: float, high: float) -> QRectF:
        rows, columns = max(1, len(self._tokens)), max(1, len(self._keys))
        step = max(8.0 / max(rows, columns), min(wide / columns, high / rows))
        return QRectF(corner, QSizeF(int(step * columns), int(step * rows)))

    def every(self) -> tuple[int, int]:
        """Every how many-th row and column can be named without names touching."""
        metrics, step = QFontMetricsF(theme.font(0.85, mono=True)), self.area().width() / max(len(self._keys), 1)
        across = metrics.height() * 0.92 / SLOPE if self._slanted() else metrics.horizontalAdvance("0") * 1.3
        return max(1, math.ceil(metrics.height() * 0.92 / step)), max(1, math.ceil(across / step))

    def thinned(self) -> str:
        """Says so when not every token is named."""
        rows, columns = self.every()
        most = 1 if self._bare() else max(rows, columns)
        return "" if most == 1 or not self._tokens else f"every {ordinal(most)} token named"

    def _picture(self) -> QImage:
        if self._image is None:
            if self._overlay:
                colours = laid_over(self._overlay, theme.colour("surface"))
            elif self.signed:
                colours = colourmaps.lookup(colourmaps.SIGNED)[colourmaps.differences(self._pattern)]
            else:
                colours = colourmaps.weights(self._pattern)
            if self._causal:
                colours[~np.tri(*self._pattern.shape, dtype=bool)] = colourmaps.empty(theme.theme())
            high, wide = colours.shape[:2]
            self._image = QImage(colours.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888).copy()
        return self._image

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The cells, the tokens, the scale and, on top, what is being read."""
        if not self._tokens:
            return
        painter = QPainter(self)
        area = self.area()
        painter.drawImage(area, self._picture())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._bare():
            self._paint_rows(painter, area)
            self._paint_columns(painter, area)
        if not self._overlay:
            self._paint_scale(painter, area.adjusted(0, 0, EDGE if self.totals else 0, 0))
        if self.totals:
            self._paint_totals(painter, area)
        self._paint_lit(painter, area)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1.5))
            painter.drawRoundedRect(area.adjusted(-3, -3, 3, 3), 4, 4)
        if self.cell is not None:
            self._paint_cross(painter, area, *self.cell)
            self._paint_card(painter, area, *self.cell)

    def _named(self, count: int, every: int, hot: int | None) -> list[int]:
        """The positions whose names are drawn: each `every`-th that keeps clear of the one being read."""
        return [at for at in range(0, count, every) if hot is None or abs(at - hot) >= every]

    def _paint_rows(self, painter: QPainter, area: QRectF) -> None:
        step, hot = area.height() / len(self._tokens), self.cell[0] if self.cell else None
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for bold, places in ((False, self._named(len(self._rows), self.every()[0], hot)), (True, [] if hot is None else [hot])):
            painter.setFont(theme.font(0.85, mono=True, bold=bold))
            painter.setPen(theme.colour("text") if bold else _softer("text"))
            for at in places:
                middle = area.top() + (at + 0.5) * step
                painter.drawText(QRectF(0, middle - 12, area.left() - 7, 24), flags, self._rows[at])
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        room = QRectF(0, 0, area.left() - 7, area.top() - 4)
        if room.height() > 2 * painter.fontMetrics().height():
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, "key →\nquery ↓")

    def _paint_columns(self, painter: QPainter, area: QRectF) -> None:
        step, hot = area.width() / len(self._keys), self.cell[1] if self.cell else None
        for bold, places in (
            (False, self._named(len(self._columns), self.every()[1], hot)),
            (True, [] if hot is None else [hot]),
        ):
            painter.setFont(theme.font(0.85, mono=True, bold=bold))
            painter.setPen(theme.colour("text") if bold else _softer("text"))
            ascent = painter.fontMetrics().ascent()
            for at in places:
                x = area.left() + (at + 0.5) * step
                if self._slanted():
                    painter.save()
                    painter.translate(x + ascent * SLOPE / 2, area.top() - 4)
                    painter.rotate(-45)
                    painter.drawText(QPointF(0, 0), self._columns[at].strip(" "))
                    painter.restore()
                else:
                    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
                    painter.drawText(QRectF(x - 12, 0, 24, area.top() - 3), flags, self._columns[at])

    def _paint_scale(self, painter: QPainter, area: QRectF) -> None:
        bar = QRectF(area.right() + 14, area.top() + 1, 7, min(area.height(), 140.0) - 2)
        ramp = np.ascontiguousarray(colourmaps.lookup(colourmaps.SIGNED if self.signed else colourmaps.MAGNITUDE)[::-1, None])
        painter.drawImage(bar, QImage(ramp.data, 1, 256, 4, QImage.Format.Format_RGBA8888))
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        values = (1.0, 0.25, 0.0, -0.25, -1.0) if self.signed else (1.0, 0.25, 0.05, 0.0)
        for value in values:  # the scale is that of square roots
            up = math.copysign(abs(value) ** 0.5, value)
            y = bar.bottom() - (0.5 + 0.5 * up if self.signed else up) * bar.height()
            said = f"{value:+g}".replace("-", "−") if self.signed and value else f"{value:g}"
            painter.drawText(QRectF(bar.right() + 5, y - 8, 34, 16), Qt.AlignmentFlag.AlignVCenter, said)

    def _paint_totals(self, painter: QPainter, area: QRectF) -> None:
        """At the foot the mean weight that each key gets of those who see it, at the right how far a query spreads its own."""
        received, spread = margins(self._pattern, causal=self._causal)
        step = area.width() / len(self._keys)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("attention"))
        for at, value in enumerate((received / max(float(received.max()), 1e-9)).tolist()):
            high = value * (EDGE - 8)
            painter.drawRect(QRectF(area.left() + at * step, area.bottom() + 4, max(1.0, step - 1), high))
        painter.setBrush(theme.colour("quiet"))
        for at, value in enumerate(spread.tolist()):
            wide = value * (EDGE - 8)
            painter.drawRect(QRectF(area.right() + 4, area.top() + at * step, wide, max(1.0, step - 1)))

    def _paint_lit(self, painter: QPainter, area: QRectF) -> None:
        """Bars beside the rows and above the columns that another view points at."""
        step = area.width() / len(self._keys)
        for at in self.lit[0]:
            painter.fillRect(QRectF(area.left() - 5, area.top() + at * step, 4, max(2.0, step)), theme.colour("accent"))
        for at in self.lit[1]:
            painter.fillRect(QRectF(area.left() + at * step, area.top() - 5, max(2.0, step), 4), theme.colour("accent"))

    def _paint_cross(self, painter: QPainter, area: QRectF, query: int, key: int) -> None:
        step = area.width() / len(self._keys)
        x, y = area.left() + key * step, area.top() + query * step
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(QColor(255, 255, 255, 150), 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawRect(QRectF(area.left(), y, area.width() - 1, step))
        painter.drawRect(QRectF(x, area.top(), step, area.height() - 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawRoundedRect(QRectF(x, y, step, step).adjusted(-1, -1, 1, 1), 2, 2)

    def _paint_card(self, painter: QPainter, area: QRectF, query: int, key: int) -> None:
        step = area.width() / len(self._keys)
        cell = QRectF(area.left() + key * step, area.top() + query * step, step, step)
        panel_card.paint(painter, QRectF(self.rect()), cell, self.card())


def _softer(name: str) -> QColor:
    return theme.colour(name, 215)


def laid_over(patterns: Sequence[tuple[np.ndarray, str]], ground: QColor) -> np.ndarray:
    """Several (query, key) patterns in one picture, uint8 (query, key, 4): the mean of their colours by weight, the fuller the
    more the strongest of them looks."""
    weights = np.stack([np.clip(pattern, 0, 1) ** 0.4 for pattern, _ in patterns])  # (patterns, query, key)
    hues = np.array([[int(hue[at : at + 2], 16) for at in (1, 3, 5)] for _, hue in patterns], dtype=float)
    mean = np.einsum("pqk,pc->qkc", weights, hues) / np.maximum(weights.sum(0), 1e-9)[..., None]
    most = weights.max(0)[..., None]
    base = np.array([ground.red(), ground.green(), ground.blue()], dtype=float)
    made = np.full((*weights.shape[1:], 4), 255, np.uint8)
    made[..., :3] = (base * (1 - most) + mean * most).round().astype(np.uint8)
    return made


def margins(pattern: np.ndarray, *, causal: bool) -> tuple[np.ndarray, np.ndarray]:
    """The mean weight that each key gets of the queries that see it, (key,), and for each query its entropy as a share of the
    largest possible, (query,)."""
    seen = np.tri(*pattern.shape, dtype=np.bool_) if causal else np.ones(pattern.shape, dtype=bool)
    received = pattern.sum(0) / np.maximum(seen.sum(0), 1)
    return received, scores.entropy(pattern) / np.maximum(np.log(np.maximum(seen.sum(1), 2)), 1e-9)
