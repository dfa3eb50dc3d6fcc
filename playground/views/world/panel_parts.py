"""What stands around the scene: how likely each action was, the returns so far, the sequence of tokens, and pictures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import theme
from playground.style.numbers import percent
from playground.views.world.frame import Named, Scene, WorldFrame
from playground.views.world.panel_scenes import SCENES

KINDS = {"text": "text", "discrete": "embedding", "continuous": "mlp", "image": "unembedding", "separator": "quiet",
         "padding": "line"}  # fmt: skip
"""The colour of each modality."""


def number(value: float, digits: int = 0) -> str:
    """A number with a minus as wide as a plus."""
    return f"{value:.{digits}f}".replace("-", "−")


class SceneView(QWidget):
    """Paints one moment of a world, with what is seen there in numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: Scene | None = None
        self.domain = self.caption = ""
        self.values: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("The world")

    def show_scene(self, domain: str, scene: Scene, values: tuple[str, ...], caption: str) -> None:
        """Another moment."""
        self.domain, self.scene, self.values, self.caption = domain, scene, values, caption
        self.setAccessibleDescription(f"{caption}; {self.said()}")
        self.update()

    def said(self) -> str:
        """What is seen, by name."""
        if self.scene is None:
            return ""
        whole = self.domain in ("grid", "goals", "taxi")
        pairs = zip(self.values, self.scene.seen.tolist(), strict=False)
        return " · ".join(f"{name} {number(value, 0 if whole else 2)}" for name, value in pairs)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The scene on its ground."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("surface"))
        painter.drawRoundedRect(QRectF(self.rect()), 10, 10)
        if self.scene is None or self.domain not in SCENES:
            return
        painter.setFont(theme.font(0.9))
        high = QFontMetricsF(painter.font()).height()
        painter.setPen(theme.colour("quiet"))
        metrics = QFontMetricsF(painter.font())
        said = metrics.elidedText(self.said(), Qt.TextElideMode.ElideRight, self.width() - 28)
        painter.drawText(QRectF(14, 8, self.width() - 28, high), Qt.AlignmentFlag.AlignLeft, said)
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font(1.0, bold=True))
        foot = QRectF(14, self.height() - high - 10, self.width() - 28, high + 4)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, self.caption)
        room = QRectF(self.rect()).adjusted(24, 16 + high, -24, -16 - high)
        SCENES[self.domain](painter, room, self.scene.seen, self.scene.action)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)


class Choices(QWidget):
    """How likely the network found each action: bars with names, or the bins of a continuous one, and what was done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: Scene | None = None
        self.frame_: WorldFrame | None = None
        self.setMinimumHeight(110)
        self.setAccessibleName("How likely each action is")

    def show_scene(self, scene: Scene, frame: WorldFrame) -> None:
        """Another moment."""
        if scene.chances is not None:
            self.scene, self.frame_ = scene, frame
            best = int(np.argmax(scene.chances))
            name = frame.actions[best] if frame.actions else f"bin {best}"
            self.setAccessibleDescription(f"Likeliest: {name}, {percent(float(scene.chances[best]))}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Bars."""
        painter, scene, frame = QPainter(self), self.scene, self.frame_
        if scene is None or frame is None or scene.chances is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(0.9, bold=True))
        painter.setPen(theme.colour("text"))
        high = QFontMetricsF(painter.font()).height()
        title = "by hand" if scene.by_hand else "drawn by chance from"
        painter.drawText(QRectF(0, 0, self.width(), high), Qt.AlignmentFlag.AlignLeft, f"Action, {title}")
        area = QRectF(0, high + 6, self.width(), self.height() - high - 8)
        (self._paint_names if frame.actions else self._paint_bins)(painter, area, scene, frame)

    def _paint_names(self, painter: QPainter, area: QRectF, scene: Scene, frame: WorldFrame) -> None:
        assert scene.chances is not None
        step = min(28.0, area.height() / len(frame.actions))
        painter.setFont(theme.font(0.88))
        name_wide = max(QFontMetricsF(painter.font()).horizontalAdvance(name) for name in frame.actions) + 10
        for at, (name, chance) in enumerate(zip(frame.actions, scene.chances.tolist(), strict=True)):
            y = area.top() + at * step
            done = scene.action is not None and int(scene.action) == at
            painter.setPen(theme.colour("text" if done else "quiet"))
            painter.drawText(QRectF(0, y, name_wide, step), Qt.AlignmentFlag.AlignVCenter, name)
            bar = QRectF(name_wide, y + 4, area.width() - name_wide - 74, step - 8)
            painter.fillRect(bar, theme.colour("raised"))
            filled = QRectF(bar.left(), bar.top(), bar.width() * chance, bar.height())
            painter.fillRect(filled, theme.colour("accent" if done else "attention"))
            painter.drawText(QRectF(bar.right() + 6, y, 68, step), Qt.AlignmentFlag.AlignVCenter, percent(chance))

    def _paint_bins(self, painter: QPainter, area: QRectF, scene: Scene, frame: WorldFrame) -> None:
        assert scene.chances is not None
        painter.setFont(theme.font(0.85))
        high = QFontMetricsF(painter.font()).height()
        plot = area.adjusted(0, 0, 0, -high - 2)
        painter.fillRect(plot, theme.colour("raised"))
        top = max(float(scene.chances.max()), 1e-9)
        wide = plot.width() / len(scene.chances)
        for at, chance in enumerate(scene.chances.tolist()):
            tall = plot.height() * chance / top
            painter.fillRect(QRectF(plot.left() + at * wide, plot.bottom() - tall, max(1.0, wide), tall), theme.colour("mlp"))
        if scene.action is not None and frame.high > frame.low:
            x = plot.left() + (scene.action - frame.low) / (frame.high - frame.low) * plot.width()
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setPen(theme.colour("quiet"))
        foot = QRectF(plot.left(), plot.bottom() + 2, plot.width(), high)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, number(frame.low))
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"{frame.high:g}")
        middle = "" if scene.action is None else number(scene.action, 2)
        painter.setPen(theme.colour("accent"))
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, middle)


class Returns(QWidget):
    """The return of every episode that was played, between what chance and what the expert reach."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frame_: WorldFrame | None = None
        self.setMinimumHeight(96)
        self.setAccessibleName("Returns of the episodes")

    def show_frame(self, frame: WorldFrame) -> None:
        """Newer returns."""
        self.frame_ = frame
        played = [] if frame.returns is None else frame.returns[:, 1].tolist()
        last = f"last {number(played[-1])}, " if played else ""
        self.setAccessibleDescription(f"{last}expert {number(frame.expert)}, chance {number(frame.chance)}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Two lines, and a point for each episode."""
        frame, painter = self.frame_, QPainter(self)
        if frame is None or frame.returns is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(0.9, bold=True))
        high = QFontMetricsF(painter.font()).height()
        painter.setPen(theme.colour("text"))
        played = frame.returns[:, 1]
        mean = f" · mean of {min(10, len(played))}: {number(played[-10:].mean())}" if len(played) else ""
        painter.drawText(QRectF(0, 0, self.width(), high), Qt.AlignmentFlag.AlignLeft, f"Returns{mean}")
        area = QRectF(0, high + 8, self.width() - 92, self.height() - high - 16)
        values = [frame.expert, frame.chance, *played.tolist()]
        low, top = min(values), max(values)
        span = max(top - low, 1e-9)

        def y(value: float) -> float:
            return float(area.bottom() - (value - low) / span * area.height())

        painter.setFont(theme.font(0.85))
        for name, value, colour in (("expert", frame.expert, "good"), ("chance", frame.chance, "quiet")):
            painter.setPen(QPen(theme.colour(colour), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(area.left(), y(value)), QPointF(area.right(), y(value)))
            painter.drawText(
                QRectF(area.right() + 6, y(value) - 9, 86, 18), Qt.AlignmentFlag.AlignVCenter, f"{name} {value:.0f}"
            )
        if len(played):
            step = area.width() / max(1, len(played) - 1) if len(played) > 1 else 0.0
            points = [QPointF(area.left() + at * step, y(value)) for at, value in enumerate(played.tolist())]
            painter.setPen(QPen(theme.colour("accent"), 1.5))
            painter.drawPolyline(QPolygonF(points))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            for point in points[-40:]:
                painter.drawEllipse(point, 2.6, 2.6)


class Strip(QWidget):
    """The sequence behind the last action as tokens in the colours of their modality, with a bar where there is a loss."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tokens: tuple[Named, ...] = ()
        self.setFixedHeight(46)
        self.setAccessibleName("The sequence that the network reads")

    def show_tokens(self, tokens: tuple[Named, ...]) -> None:
        """Another sequence; the newest token stands at the right."""
        self.tokens = tokens
        self.setAccessibleDescription(" ".join(token.text for token in tokens[-12:]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """As many as fit, from the right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(0.85, mono=True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        x = float(self.width())
        for token in reversed(self.tokens):
            said = {"[sep]": "|", "[pad]": "·"}.get(token.text, token.text)
            wide = metrics.horizontalAdvance(said) + 10
            if x - wide < 0:
                break
            chip = QRectF(x - wide, 4, wide - 3, metrics.height() + 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(KINDS[token.kind], 70))
            painter.drawRoundedRect(chip, 4, 4)
            painter.setPen(theme.colour("text"))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, said)
            if token.learned:
                painter.fillRect(QRectF(chip.left(), chip.bottom() + 3, chip.width(), 3), theme.colour("accent"))
            x -= wide


class Pictures(QWidget):
    """Digits, what they should be, and what they are taken for; a wrong one is framed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frame_: WorldFrame | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Pictures")

    def show_frame(self, frame: WorldFrame) -> None:
        """Newer pictures."""
        self.frame_ = frame
        right = sum(one == other for one, other in zip(frame.labels, frame.said, strict=True))
        self.setAccessibleDescription(f"{right} of {len(frame.labels)} are read as what they should be")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Two rows of five."""
        frame, painter = self.frame_, QPainter(self)
        if frame is None or frame.pictures is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painting = frame.domain == "paint"
        across = 5
        metrics = QFontMetricsF(theme.font(1.0))
        wide, high = self.width() / across, self.height() / 2
        side = min(wide - 20, high - 2.4 * metrics.height() - 12)
        for at, (pixels, label, said) in enumerate(zip(frame.pictures, frame.labels, frame.said, strict=True)):
            x = at % across * wide + (wide - side) / 2
            y = at // across * high + 6
            grey = np.ascontiguousarray((pixels * 255).astype(np.uint8))
            image = QImage(grey.data, 8, 8, 8, QImage.Format.Format_Grayscale8).copy()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            target = QRectF(x, y, side, side)
            painter.drawImage(target, image)
            right = label == said
            painter.setPen(QPen(theme.colour("line" if right else "bad"), 1 if right else 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(target)
            painter.setFont(theme.font(1.0, bold=True))
            painter.setPen(QColor(theme.colour("text" if right else "bad")))
            first, second = (f"paint “{label}”", f"read as {said}") if painting else (f"says “{said}”", f"it is {label}")
            left = at % across * wide
            painter.drawText(QRectF(left, y + side + 3, wide, metrics.height()), Qt.AlignmentFlag.AlignHCenter, first)
            painter.setFont(theme.font(0.88))
            painter.setPen(theme.colour("quiet"))
            below = QRectF(left, y + side + 3 + metrics.height(), wide, metrics.height())
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, second)
