"""Which text, which layer, which tap point and which head: what vectors in context are of."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from playground.style import theme
from playground.views.embeddings.frame import EmbeddingFrame

PAUSE_MS = 250
"""How long the person's typing must rest before the text is looked at."""
WHOLE = {
    "embed": "Embedding", "context_embed": "Encoder embedding", "memory": "Encoder output", "final": "Before unembedding",
}  # fmt: skip


class TapChoice(QWidget):
    """Layer, tap point, head, text; the model's tap points are offered as it names them."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer, self.point, self.head, self.text = QComboBox(), QComboBox(), QComboBox(), QLineEdit()
        self._taps: tuple[str, ...] = ()
        self._heads, self._wish = 0, ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget, name in (
            (self.layer, "Layer"),
            (self.point, "Tap point"),
            (self.head, "Head"),
            (self.text, "Watched text"),
        ):
            widget.setAccessibleName(name)
            if isinstance(widget, QComboBox):
                widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            row.addWidget(widget, 1 if widget is self.text else 0)
        self.text.setPlaceholderText("Type your own text here")
        self.text.setClearButtonEnabled(True)
        self.point.setToolTip("Which intermediate of the layer, in TransformerLens' words")
        self.layer.currentIndexChanged.connect(self._on_layer)
        self.point.currentIndexChanged.connect(self._on_point)
        self.head.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.text.textChanged.connect(self._pause.start)

    def tap(self) -> str:
        """The tap point in full; empty: the probe's own choice."""
        return self._wish

    def chosen_head(self) -> int:
        """Which head, -1 for all of them joined."""
        return self.head.currentIndex() - 1 if self._heads else -1

    def offer(self, frame: EmbeddingFrame) -> None:
        """The tap points there are, and which one is shown."""
        if frame.space != "context":
            return
        if frame.taps != self._taps:
            self._taps = frame.taps
            with QSignalBlocker(self.layer):
                self.layer.clear()
                for name in dict.fromkeys(layer_of(tap) for tap in frame.taps):
                    self.layer.addItem(_title(name, frame.taps), name)
            self._show(frame.tap)
        elif frame.tap != self._shown() and frame.tap != self._wish and self._wish not in frame.taps:
            self._show(frame.tap)
        if frame.heads != self._heads:
            self._heads = frame.heads
            with QSignalBlocker(self.head):
                self.head.clear()
                self.head.addItems(["All heads", *(f"Head {head + 1}" for head in range(frame.heads))])
        self.head.setVisible(bool(self._heads))

    def retheme(self) -> None:
        """Take the type sizes in force."""
        for widget in (self.layer, self.point, self.head):
            widget.setFont(theme.font(0.9))
        self.text.setFont(theme.font(0.9, mono=True))

    def _shown(self) -> str:
        return self.point.currentData() or ""

    def _show(self, tap: str) -> None:
        self._wish = tap
        with QSignalBlocker(self.layer):
            self.layer.setCurrentIndex(max(0, self.layer.findData(layer_of(tap))))
        self._fill(tap)

    def _fill(self, tap: str) -> None:
        with QSignalBlocker(self.point):
            self.point.clear()
            here = [name for name in self._taps if layer_of(name) == self.layer.currentData()]
            for name in here:
                self.point.addItem(name.removeprefix(f"{self.layer.currentData()}."), name)
            self.point.setCurrentIndex(here.index(tap) if tap in here else 0)
        self.point.setVisible(len(here) > 1)

    def _on_layer(self) -> None:
        """The same tap point of another layer, where it has one."""
        layer, ends = self.layer.currentData(), self._shown().removeprefix(f"{layer_of(self._shown())}.")
        self._fill(f"{layer}.{ends}" if f"{layer}.{ends}" in self._taps else f"{layer}.resid_post")
        self._on_point()

    def _on_point(self) -> None:
        self._wish = self._shown()
        self.changed.emit()


def layer_of(tap: str) -> str:
    """ "decoder.2.cross.q" is of "decoder.2"; "embed" is of itself."""
    return ".".join(tap.split(".")[:2])


def _title(layer: str, taps: tuple[str, ...]) -> str:
    if layer in WHOLE:
        return WHOLE[layer]
    stack, number = layer.split(".")
    several = len({tap.split(".")[0] for tap in taps if "." in tap}) > 1
    return f"{stack.capitalize()} layer {int(number) + 1}" if several else f"Layer {int(number) + 1}"
