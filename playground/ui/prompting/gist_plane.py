"""The plane of gists: a marker for each instruction, its colour and shape by what it asks for, with a legend."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from playground.style import theme
from playground.views.embeddings.panel_marks import SHAPES, outline, tone
from playground.worker.telling import GistMap

SIZE, NEAR, LEGEND = 4.0, 10.0, 150.0


class GistPlane(QWidget):
    """Both axes have one scale; point at a gist to read its instruction."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setMinimumHeight(90)
        self.setAccessibleName("Gists of many instructions in the plane")
        self.map: GistMap | None = None

    def show_map(self, made: GistMap) -> None:
        """Take another picture."""
        self.map = made
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Wider than high."""
        return QSize(360, 120)

    def places(self) -> np.ndarray:
        """Where each gist is drawn, (n, 2) in pixels."""
        assert self.map is not None
        points = self.map.points.astype(float)
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.array([max(40.0, self.width() - LEGEND - 16), max(40.0, self.height() - 16.0)])
        scale = float((room / np.maximum(high - low, 1e-9)).min())
        made: np.ndarray = (points - (low + high) / 2) * scale * (1, -1) + room / 2 + 8
        return made

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The gists, and what their markers mean."""
        if self.map is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for (x, y), kind in zip(self.places().tolist(), self.map.kinds.tolist(), strict=True):
            painter.fillPath(outline(SHAPES[kind], x, y, SIZE), tone(kind, 210))
        font = theme.font(0.9)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        high = min(metrics.height() + 2, self.height() / max(1, len(self.map.names)))
        for kind, name in enumerate(self.map.names):
            line = QRectF(self.width() - LEGEND, kind * high, LEGEND, high)
            painter.fillPath(outline(SHAPES[kind], line.left() + 6, line.center().y(), SIZE), tone(kind))
            painter.setPen(theme.colour("text"))
            said = metrics.elidedText(name, Qt.TextElideMode.ElideRight, LEGEND - 20)
            painter.drawText(line.adjusted(18, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, said)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Read the instruction behind the nearest gist."""
        said = self.at(event.position())
        if said:
            QToolTip.showText(event.globalPosition().toPoint(), said, self)
        else:
            QToolTip.hideText()

    def at(self, place: QPointF) -> str:
        """The instruction of the gist at a place, or nothing."""
        if self.map is None:
            return ""
        away = np.hypot(*(self.places() - (place.x(), place.y())).T)
        nearest = int(away.argmin())
        return self.map.said[nearest] if away[nearest] < NEAR else ""
