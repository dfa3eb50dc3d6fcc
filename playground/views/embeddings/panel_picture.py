"""The picture of a cloud without the pointer: axes, trails, points and labels in one image."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from playground.style import theme
from playground.style.numbers import percent
from playground.views.embeddings import panel_trails
from playground.views.embeddings.frame import EmbeddingFrame
from playground.views.embeddings.panel_colours import Colouring, colouring
from playground.views.embeddings.panel_labels import AT_MOST, place
from playground.views.embeddings.panel_marks import parts
from playground.views.embeddings.panel_range import within
from playground.views.embeddings.panel_stamps import BORDER, Marks, draw
from playground.views.embeddings.panel_writing import Writing, written

SMALLEST, LARGEST = 2.4, 5.6
"""Radii in pixels of the rarest and the most frequent token."""
STEADY = 1.5
"""How much a label that was shown counts for staying, so that labels do not flicker while the cloud moves."""
CROWD = 1500
"""Points from which on they are drawn smaller."""
DEPTHS = 6
"""Steps of depth in space: the farther, the smaller and the nearer to the colour of the ground."""
FAINT = 0.2
"""How much is left of the colour of what is not looked for."""


@dataclass
class Scene:
    """Where everything lies, in pixels: points (n, 2), how near they are 0 to 1 (n,) or None in the plane, the tips of the
    axes (dims, 2) around `origin` (2,), and for each remembered picture the places (n, 2) of the points."""

    places: np.ndarray
    nearness: np.ndarray | None
    origin: np.ndarray
    tips: np.ndarray
    past: list[np.ndarray] = field(default_factory=list)


class Picture:
    """Keeps what does not change from frame to frame: groups, sizes, texts."""

    def __init__(self) -> None:
        self.frame: EmbeddingFrame | None = None
        self.way = "kind"
        self.hidden: set[int] = set()
        self.found = np.zeros(0, dtype=bool)
        """What is brought out, bool (n,), the rest being faint; nothing where it is empty or has no True."""
        self.labelled: list[int] = []
        """The points whose labels are in the last picture."""
        self.trailed = 0
        """The points whose trails are in the last picture."""
        self.colouring = Colouring("kind", np.zeros(0, np.uint8), ("",))
        self._visible = np.zeros(0, dtype=bool)
        self._radii = np.zeros(0)
        self._order = np.zeros(0, dtype=np.intp)
        self._writing = Writing(())

    def take(self, frame: EmbeddingFrame) -> None:
        """Get ready for a frame."""
        other = self.frame is None or self.frame.tokens is not frame.tokens or self.frame.space != frame.space
        self.frame = frame
        if other:
            self.prepare()

    def prepare(self) -> None:
        """Texts, groups and sizes anew: other points, another way to colour them, another theme or type size."""
        self.labelled = []
        if self.frame is None:
            return
        counts = self.frame.counts.astype(float)
        share = np.log1p(counts) / np.log1p(max(1.0, float(counts.max(initial=1.0))))
        self._radii = SMALLEST + (LARGEST - SMALLEST) * share**2
        self._order = np.argsort(-counts, kind="stable")
        self._writing = Writing(self.frame.tokens)
        self.colouring = colouring(self.frame, self.way)
        self.mark(self.hidden, self.found)

    def mark(self, hidden: set[int], found: np.ndarray) -> None:
        """Leave groups out, and bring points out."""
        self.hidden, self.found = hidden, found
        self._visible = ~np.isin(self.colouring.groups, list(hidden))

    def visible(self) -> np.ndarray:
        """Which points are not hidden, bool (n,)."""
        return self._visible

    def paint(self, scene: Scene, size: QSize, ratio: float) -> QImage:
        """The cloud as it lies in a scene, on `size` logical pixels with `ratio` pixels to each."""
        wide, high = round(size.width() * ratio), round(size.height() * ratio)
        image = QImage(wide + 2 * BORDER, high + 2 * BORDER, QImage.Format.Format_RGB32)
        ground = theme.colour("window")
        image.fill(ground)
        painter = QPainter(image)
        painter.translate(BORDER, BORDER)
        painter.scale(ratio, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter, scene, size)
        self._paint_trails(painter, scene)
        painter.end()
        draw(image, self._marks(scene, size, ratio), np.array(parts(ground), dtype=np.float32))
        image = image.copy(BORDER, BORDER, wide, high)
        image.setDevicePixelRatio(ratio)
        painter = QPainter(image)
        self._paint_labels(painter, scene, size)
        self._paint_words(painter, scene, size)
        painter.end()
        return image

    def searching(self) -> bool:
        """Whether some points are brought out, so that the others are faint."""
        return len(self.found) == len(self._radii) and bool(self.found.any())

    def radii(self, scene: Scene, size: QSize) -> np.ndarray:
        """Radii (n,) in logical pixels; few different ones, so that there are few stamps."""
        room = min(1.15, max(0.72, (size.width() * size.height()) ** 0.5 / 850))
        crowd = min(1.0, max(0.42, (CROWD / max(1, len(self._radii))) ** 0.25))
        radii = self._radii * room * crowd
        if scene.nearness is not None:
            radii = radii * (0.72 + 0.5 * scene.nearness)
        if self.searching() and self.found.sum() < CROWD:  # of many, none stands out by its size
            radii = np.where(self.found, radii + 1.5, radii)
        sizes: np.ndarray = np.round(np.maximum(radii, 1.2) * 2) / 2
        return sizes

    def _marks(self, scene: Scene, size: QSize, ratio: float) -> Marks:
        rows = np.flatnonzero(self._visible)
        colours, layers = self.colouring.palette()[self.colouring.groups[rows]], np.zeros(len(rows), dtype=np.int64)
        ground = np.array(parts(theme.colour("window")), dtype=np.float32)
        if scene.nearness is not None:
            layers = np.minimum((scene.nearness[rows] * DEPTHS).astype(np.int64), DEPTHS - 1)
            strength = (0.42 + 0.58 * layers / (DEPTHS - 1))[:, None]
            colours = (ground + (colours - ground) * strength).astype(np.uint8)
        if self.searching():
            found = self.found[rows]
            layers = layers + DEPTHS * found
            colours = np.where(found[:, None], colours, ground + (colours - ground) * FAINT).astype(np.uint8)
        radii = self.radii(scene, size)[rows] * ratio
        return Marks(scene.places[rows] * ratio, self.colouring.shapes()[rows], radii, colours, layers)

    def _paint_trails(self, painter: QPainter, scene: Scene) -> None:
        """Of what is brought out, else of the most frequent ones; and the path of the places through the cloud."""
        if self.frame is not None and self.frame.space == "positions" and self.frame.layout == "pca":
            painter.setPen(QPen(theme.colour("line"), 1.2))  # each place is joined to the next
            painter.drawPolyline(QPolygonF([QPointF(*spot) for spot in scene.places.tolist()]))
        self.trailed = 0
        if len(scene.past) < 2:
            return
        wanted = self._visible & self.found if self.searching() else self._visible
        chosen = self._order[wanted[self._order]][: panel_trails.MOST]
        self.trailed = len(chosen)
        colours = self.colouring.palette()[self.colouring.groups[chosen]]
        panel_trails.paint(painter, [places[chosen] for places in scene.past], colours)

    def _paint_labels(self, painter: QPainter, scene: Scene, size: QSize) -> None:
        """The most frequent first, in space the nearest; while something is brought out, only that."""
        places, visible = scene.places, self._visible
        wanted = visible & self.found if self.searching() else visible
        inside = within(places, (0, 0), (size.width(), size.height()))
        first = self._order[(wanted & inside)[self._order]][: 2 * AT_MOST]
        if self.frame is None or not len(first):
            self.labelled = []
            return
        weight = self.frame.counts[first].astype(float) + 1
        weight[np.isin(first, self.labelled)] *= STEADY
        if scene.nearness is not None:
            weight = weight ** (0.4 + 0.6 * scene.nearness[first])
        order = first[np.argsort(-weight, kind="stable")][:AT_MOST]
        widths = np.zeros(len(places))
        widths[order] = [self._writing.get(int(index))[1] for index in order]
        high = self._writing.height
        chosen = place(places, self.radii(scene, size), widths, high, order, wanted, (size.width(), size.height() - 8))
        self.labelled = [index for index, _, _ in chosen]
        painter.setFont(self._writing.font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("window", 120))
        painter.drawRects([QRectF(left - 1, top + 2, widths[index] + 2, high - 4) for index, left, top in chosen])
        strong, dim = theme.colour("text"), theme.colour("quiet")
        for index, left, top in chosen:
            far = scene.nearness is not None and scene.nearness[index] < 0.4
            painter.setPen(dim if far else strong)
            painter.drawStaticText(QPointF(round(left), round(top)), self._writing.get(index)[0])

    def _paint_axes(self, painter: QPainter, scene: Scene, size: QSize) -> None:
        x, y = (round(value) + 0.5 for value in scene.origin.tolist())
        if scene.nearness is None:
            painter.setPen(QPen(theme.colour("raised"), 1))
            painter.drawLine(QPointF(0, y), QPointF(size.width(), y))
            painter.drawLine(QPointF(x, 0), QPointF(x, size.height()))
            return
        painter.setPen(QPen(theme.colour("quiet", 150), 1.4))
        for tip in scene.tips.tolist():
            painter.drawLine(QPointF(*scene.origin.tolist()), QPointF(*tip))

    def _paint_words(self, painter: QPainter, scene: Scene, size: QSize) -> None:
        """What the directions are, and how much of the whole they show."""
        font = theme.font(0.85)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        high = metrics.height()
        names = self._axes()
        if scene.nearness is not None:
            names = [name.split(" · ")[0] for name in names]  # the shares stand below the picture
            spots = [(name, tip[0] - metrics.horizontalAdvance(name) / 2, tip[1] - high / 2) for name, tip in
                     zip(names, scene.tips.tolist(), strict=False)]  # fmt: skip
        else:
            across = f"{names[0]} →" if names else ""
            spots = [(across, size.width() - metrics.horizontalAdvance(across) - 4, size.height() - high - 2)]
            spots += [(f"↑ {names[1]}", 4.0, 2.0)] if len(names) > 1 else []
        for text, left, top in spots:
            wide = metrics.horizontalAdvance(text)
            left = min(max(left, 2.0), size.width() - wide - 2)
            painter.fillRect(QRectF(left - 3, top, wide + 6, high), theme.colour("window", 200))
            painter.setPen(theme.colour("quiet"))
            painter.drawText(QPointF(left, top + metrics.ascent()), text)

    def _axes(self) -> list[str]:
        """The names of the axes, with the share of the variance along them; t-SNE's axes mean nothing."""
        frame = self.frame
        if frame is None or not frame.explained:
            return []
        shares = [f"{percent(share)} of the variance" for share in frame.explained]
        if frame.layout == "axis":
            named = dict(zip(frame.keys.tolist(), frame.tokens, strict=True))
            ends = [written(named[key]) if key in named else "?" for key in frame.ends]
            return [f"{ends[0]} to {ends[1]} · {shares[0]}", *(f"rest {n} · {s}" for n, s in enumerate(shares[1:], 1))]
        return [f"PC {number} · {share}" for number, share in enumerate(shares, 1)]
