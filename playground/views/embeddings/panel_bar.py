"""The controls of the embeddings view: which vectors, laid out how, in the plane or in space, and the tools."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Segments
from playground.views.embeddings.frame import EmbeddingFrame
from playground.views.embeddings.panel_colours import WAYS, ways
from playground.views.embeddings.panel_flow import Flow
from playground.views.embeddings.panel_tap import TapChoice
from playground.views.embeddings.panel_tsne import TsneBar


class Bar(QWidget):
    """Says `changed` when another picture is wanted from the worker, and `shown` when the same one is to look different."""

    changed = Signal()
    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.space = Segments([("tokens", "Tokens"), ("positions", "Positions"), ("context", "In context")])
        self.layout_ = Segments([("pca", "PCA"), ("tsne", "t-SNE"), ("axis", "Axis")])
        self.dims = Segments([("2", "2-D"), ("3", "3-D")])
        self.search, self.colour = QLineEdit(), QComboBox()
        self.ends = QLineEdit(), QLineEdit()
        self.tap, self.tsne = TapChoice(), TsneBar()
        self.lasso, self.trails, self.similar, self.unseen, self.fit = (
            QPushButton(text) for text in ("Lasso", "Trails", "Similarity", "Unseen", "Fit")
        )
        self.flow = Flow(
            (self.space, self.layout_, self.dims, self.lasso, self.trails, self.fit,
             self.search, *self.ends, self.colour, self.similar, self.unseen)
        )  # fmt: skip
        self._name()
        self._arrange()
        self._connect()
        self.retheme()

    def arrange(self, frame: EmbeddingFrame | None, tight: bool) -> None:
        """Show what these vectors can be asked for; where there is little room, nothing of it."""
        space, layout = self.space.value(), self.layout_.value()
        self.setVisible(not tight)
        self.tap.setVisible(space == "context")
        self.tsne.setVisible(layout == "tsne")
        for field in self.ends:
            field.setVisible(layout == "axis")
        self.similar.setVisible(space != "tokens")
        self.unseen.setVisible(space == "tokens")
        if frame is not None:
            self.offer(frame)
        self.flow.arrange()

    def offer(self, frame: EmbeddingFrame) -> None:
        """What can be chosen for these vectors, and how t-SNE stands."""
        self.tap.offer(frame)
        self.tsne.say(frame)
        offered = ways(frame)
        if offered != tuple(self.colour.itemData(at) for at in range(self.colour.count())):
            wanted = self.colour.currentData()
            with QSignalBlocker(self.colour):
                self.colour.clear()
                for way in offered:
                    self.colour.addItem(WAYS[way], way)
                at = offered.index(wanted) if wanted in offered else 0
                self.colour.setCurrentIndex(at)
            self.flow.arrange()
            self.shown.emit()

    def retheme(self) -> None:
        """Take the type sizes in force."""
        for widget in (self.search, self.colour, *self.ends, self.lasso, self.trails, self.similar, self.unseen, self.fit):
            widget.setFont(theme.font(0.9))
        for segments in (self.space, self.layout_, self.dims):
            for button in segments.buttons():
                button.setFont(theme.font(0.9))
                button.setMinimumWidth(_wide(button))
        for button in (self.lasso, self.trails, self.similar, self.unseen):
            button.setMinimumWidth(_wide(button))
        self.tap.retheme()
        self.tsne.retheme()
        self.flow.arrange()

    def _name(self) -> None:
        for segments, value, name in (
            (self.space, "tokens", "Vectors"), (self.layout_, "pca", "Laid out by"), (self.dims, "2", "Dimensions"),
        ):  # fmt: skip
            segments.set_value(value)
            segments.set_accessible(name)
        tips = {
            self.space: "Vectors of the vocabulary, of the places in the context, or of a text on its way through the layers",
            self.layout_: "PCA: the directions in which the vectors differ most, live. t-SNE: neighbours stay neighbours, made "
            "when asked for. Axis: from one token to another.",
            self.dims: "In the plane, or in space: then dragging turns it",
        }
        for widget, tip in tips.items():
            widget.setToolTip(tip)
        for field, name in zip((self.search, *self.ends), ("Find a token", "Axis from", "Axis to"), strict=True):
            field.setPlaceholderText(name)
            field.setAccessibleName(name)
            field.setClearButtonEnabled(True)
            field.setMinimumWidth(84)
            field.setMaximumWidth(150)
        for end, word in zip(self.ends, ("starts", "ends"), strict=True):
            end.setToolTip(f"The token at which the axis {word}: type it, or click a point")
        self.colour.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.colour.setAccessibleName("Colour by")
        self.colour.setToolTip("What the colours mean")
        self.colour.addItem(WAYS["kind"], "kind")
        for button, tip in (
            (self.lasso, "Draw around points to list them (or hold Shift)"),
            (self.trails, "Where points were in the last pictures"),
            (self.similar, "The cosine of each vector with each other one"),
            (self.unseen, "Also the tokens that never stand in the text: they are hardly learned"),
        ):
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setProperty("end", "only")
            button.setToolTip(tip)
            button.setAccessibleName(button.text())
        self.fit.setProperty("role", "link")
        self.fit.setAccessibleName("Show the whole cloud")
        self.fit.setToolTip("Show the whole cloud again (double click or Home)")

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self.flow, self.tap, self.tsne):
            column.addWidget(widget)

    def _connect(self) -> None:
        self.space.chosen.connect(self._on_space)
        self.layout_.chosen.connect(self._on_layout)
        self.dims.chosen.connect(lambda _: self.changed.emit())
        for button in (self.similar, self.unseen):
            button.toggled.connect(lambda _: self.changed.emit())
        self.tap.changed.connect(self.changed)
        self.tsne.changed.connect(self.changed)
        for field in self.ends:
            field.textChanged.connect(lambda _: self.changed.emit())
        for signal in (self.search.textChanged, self.colour.currentIndexChanged, self.lasso.toggled, self.trails.toggled):
            signal.connect(lambda _: self.shown.emit())

    def _on_space(self, space: str) -> None:
        for end in self.ends:  # they name points of the space before
            with QSignalBlocker(end):
                end.clear()
        if space == "positions":
            self.similar.setChecked(True)  # what positions are looked at for
        self.changed.emit()

    def _on_layout(self, layout: str) -> None:
        if layout == "tsne":
            self.tsne.wish()
        self.changed.emit()


def _wide(button: QPushButton) -> int:
    """Pixels for what a button says when it is chosen, which is bold."""
    return round(QFontMetricsF(theme.font(0.9, bold=True)).horizontalAdvance(button.text())) + 18
