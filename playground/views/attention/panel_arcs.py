"""One head's pattern as lines: queries at the left, keys at the right, the stronger the line the more is looked."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import theme, tokentext

MOST = 1500
"""Lines drawn at most, the strongest; how many are left out is said."""
FAINTEST = 0.02
"""Weights below this are no line."""
LEVELS = 12
"""Strengths that lines are sorted into: a pen for each, not for every line."""


class Arcs(QWidget):
    """`query` is the token whose lines alone are seen, -1 for all; `pointed` says that it is another one."""

    pointed = Signal()
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pattern = np.zeros((0, 0), np.float32)
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._hover = self._held = -1
        self.lit: tuple[frozenset[int], frozenset[int]] = frozenset(), frozenset()
        self.drawn, self.left_out = 0, 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Who looks at whom, as lines")

    def draw(self, pattern: np.ndarray, queries: tuple[str, ...], keys: tuple[str, ...]) -> None:
        """Show (query, key) weights."""
        rows, columns = (tuple(tokentext.label(token) for token in tokens) for tokens in (queries, keys))
        if (rows, columns) != (self._rows, self._columns):
            self._hover = self._held = -1
        self._pattern, self._rows, self._columns = pattern, rows, columns
        self.update()

    @property
    def query(self) -> int:
        """The token whose lines are seen: pointed at, else held."""
        return self._hover if self._hover >= 0 else self._held

    @property
    def holds(self) -> bool:
        """Whether a token is held."""
        return self._held >= 0

    def place(self, index: int, *, key: bool) -> QPointF:
        """Where the line of a token begins or ends."""
        count = len(self._columns if key else self._rows)
        left, right = self._sides()
        y = self._top() + (index + 0.5) * (self.height() - 2 * self._top()) / max(1, count)
        return QPointF(right if key else left, y)

    def release(self) -> bool:
        """Let go of the held token; False when none was held."""
        held, self._held = self._held >= 0, -1
        self._changed()
        return held

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """See the lines of one query."""
        self._point(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """All lines again."""
        self._point(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Hold a query; the same again lets go."""
        found = self._at(event.position())
        self._held = -1 if found == self._held else found
        self._changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Up and Down go from query to query, Esc lets go."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step and self._rows:
            self._held, self._hover = min(max(self.query + step, 0), len(self._rows) - 1), -1
            self._changed()
        elif event.key() == Qt.Key.Key_Escape:
            if not self.release():
                self.released.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The lines, the faint ones first, and the tokens."""
        if not self._rows or not self._columns:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter)
        self._paint_names(painter, self._rows, key=False)
        self._paint_names(painter, self._columns, key=True)

    # -- inside -------------------------------------------------------------------------------------------------

    def _lines(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Queries, keys and weights of what is drawn, the weakest first."""
        pattern = self._pattern
        if self.query >= 0:
            pattern = np.zeros_like(pattern)
            pattern[self.query] = self._pattern[self.query]
        queries, keys = np.nonzero(pattern >= FAINTEST)
        weights = pattern[queries, keys]
        order = np.argsort(weights)[-MOST:]
        self.drawn, self.left_out = len(order), len(weights) - len(order)
        return queries[order], keys[order], weights[order]

    def _paint_lines(self, painter: QPainter) -> None:
        queries, keys, weights = self._lines()
        levels = np.minimum((np.sqrt(weights) * LEVELS).astype(int), LEVELS - 1)
        middle = sum(self._sides()) / 2
        for level in range(LEVELS):
            path = QPainterPath()
            for query, key in zip(queries[levels == level].tolist(), keys[levels == level].tolist(), strict=True):
                start, end = self.place(query, key=False), self.place(key, key=True)
                path.moveTo(start)
                path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
            strength = (level + 0.5) / LEVELS
            painter.setPen(QPen(theme.colour("attention", round(14 + 230 * strength**1.5)), 0.5 + 2.4 * strength))
            painter.drawPath(path)

    def _paint_names(self, painter: QPainter, names: tuple[str, ...], *, key: bool) -> None:
        metrics = QFontMetricsF(theme.font(0.85, mono=True))
        step = (self.height() - 2 * self._top()) / max(1, len(names))
        every = max(1, -(-int(metrics.height() * 0.92) // max(1, int(step))) if step >= 1 else int(metrics.height() / step) + 1)
        hot = self._touched(key=key)
        for bold in (False, True):
            painter.setFont(theme.font(0.85, mono=True, bold=bold))
            painter.setPen(theme.colour("text" if bold else "quiet"))
            for at, name in enumerate(names):
                if (at in hot) is not bold or (not bold and (at % every or any(abs(at - each) < every for each in hot))):
                    continue
                y = self.place(at, key=key).y()
                left, right = self._sides()
                room = QRectF(right + 8, y - 12, self.width() - right - 8, 24) if key else QRectF(0, y - 12, left - 8, 24)
                side = Qt.AlignmentFlag.AlignLeft if key else Qt.AlignmentFlag.AlignRight
                painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, name)

    def _touched(self, *, key: bool) -> frozenset[int]:
        """The tokens that are named in bold: the query's own, the keys that it looks at most, and what is lit elsewhere."""
        lit = self.lit[int(key)]
        if self.query < 0 or self.query >= len(self._rows):
            return lit
        if not key:
            return lit | {self.query}
        row = self._pattern[self.query]
        return lit | frozenset(at for at in np.argsort(row)[-3:].tolist() if row[at] >= 0.1)

    def _sides(self) -> tuple[float, float]:
        wide = QFontMetricsF(theme.font(0.85, mono=True, bold=True)).horizontalAdvance("0")
        longest = [max(map(len, names), default=1) for names in (self._rows, self._columns)]
        return longest[0] * wide + 16, self.width() - longest[1] * wide - 16

    def _top(self) -> float:
        return 8.0

    def _at(self, point: QPointF) -> int:
        """The query whose row a point is in, or -1."""
        count = len(self._rows)
        at = int((point.y() - self._top()) // ((self.height() - 2 * self._top()) / max(1, count)))
        return at if 0 <= at < count and point.x() < self.width() * 0.75 else -1

    def _point(self, query: int) -> None:
        if query != self._hover:
            self._hover = query
            self._changed()

    def _changed(self) -> None:
        if self.query >= 0:
            row = self._pattern[self.query]
            best = int(row.argmax())
            self.setAccessibleDescription(f"{self._rows[self.query]} looks most at {self._columns[best]}, {row[best]:.2f}")
        self.pointed.emit()
        self.update()
