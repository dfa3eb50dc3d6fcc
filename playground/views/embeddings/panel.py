"""The embeddings panel: the cloud with its controls, its legend, its lists, and what is shown of how many."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.tokentext import quoted
from playground.style.widgets import Elided, EmptyState
from playground.views.embeddings.frame import EmbeddingFrame, EmbeddingLook
from playground.views.embeddings.panel_bar import Bar
from playground.views.embeddings.panel_cloud import Cloud
from playground.views.embeddings.panel_legend import Legend
from playground.views.embeddings.panel_matrix import SimilarityMatrix
from playground.views.embeddings.panel_side import Caught, Row, Side
from playground.views.embeddings.panel_words import WHY, stamp
from playground.views.lit import Lit

TIGHT = 400, 280
"""Less room than this is for the cloud alone."""
WIDE = 600
"""From this width on there is room for something beside the cloud."""
AS_SHOWN = str.maketrans({"⏎": "\n", "⇥": "\t", "␍": "\r", "␣": " ", "·": " "})
"""What a person means who types what is shown for what cannot be seen."""
SEEN = str.maketrans({"\n": "⏎", "\t": "⇥", "\r": "␍"})


class EmbeddingsPanel(QWidget):
    """Hovering previews a point, a click holds it and lists its neighbours, Esc releases."""

    look_changed = Signal()
    lit = Signal(object)
    """A `Lit`: the point that is hovered or held, or what the lasso has caught."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: EmbeddingFrame | None = None
        self._key = -1
        self._sought = np.zeros(0, dtype=bool)
        self.bar, self.legend, self.cloud, self.stamp = Bar(), Legend(), Cloud(), Elided()
        self.side, self.matrix = Side(), SimilarityMatrix()
        self.empty = EmptyState("Waiting for the first picture", "The tokens appear here as soon as the model is loaded.")
        self.nothing = EmptyState("", "")
        self.search, self.fit, self.edit = self.bar.search, self.bar.fit, self.bar.tap.text
        self._arrange()
        self._connect()
        self.retheme()

    # -- what every panel offers --------------------------------------------------------------------------------

    def look(self) -> EmbeddingLook:
        """What the controls ask for."""
        bar, layout = self.bar, self.bar.layout_.value()
        return EmbeddingLook(
            space=bar.space.value(),  # type: ignore[arg-type]
            layout=layout,  # type: ignore[arg-type]
            dims=int(bar.dims.value() or 2),
            unseen=bar.unseen.isChecked(),
            tap=bar.tap.tap(),
            head=bar.tap.chosen_head(),
            text=bar.tap.text.text(),
            key=self._key,
            axis=self._axis() if layout == "axis" else (-1, -1),
            run=bar.tsne.run if layout == "tsne" else 0,
            matrix=bar.similar.isChecked() and bar.space.value() != "tokens",
        )

    def draw(self, frame: EmbeddingFrame) -> None:
        """Show a frame."""
        before = self._frame
        other = before is None or before.tokens is not frame.tokens or before.space != frame.space
        self._frame = frame
        if other and before is not None and (before.space != frame.space or before.tokens != frame.tokens):
            self._key = -1
        self._pages.setCurrentIndex(1 if frame.tokens or frame.note or frame.space != "tokens" else 0)
        self.cloud.draw(frame)
        self.bar.offer(frame)
        if other:
            self.legend.say(self.cloud.picture.colouring)
            self._mark()
            if self.bar.layout_.value() == "axis":
                self.look_changed.emit()  # the ends have other keys here
        self.matrix.draw(frame)
        self.nothing.title.setText("No position vectors" if frame.space == "positions" else "Nothing to show")
        self.nothing.hint.setText(frame.note)
        self._show_side()
        self._say()

    def show_lit(self, lit: Lit) -> None:
        """Point at what another view points at."""
        frame = self._frame
        if frame is None:
            return
        by_place = frame.space == "context" and bool(lit.positions) or frame.space == "positions"
        read = frame.places + frame.before
        self.cloud.lit = np.isin(read, lit.positions) if by_place else np.isin(frame.ids, lit.ids)
        rows = np.flatnonzero(self.cloud.lit)
        self.matrix.light(int(rows[0]) if len(rows) else -1)
        self.cloud.update()

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        self.stamp.setFont(theme.font(0.9))
        for empty in (self.empty, self.nothing):
            empty.title.setFont(theme.font(1.3, bold=True))
        self.bar.retheme()
        self.side.retheme()
        self.legend.updateGeometry()
        self.legend.arrange()
        self.legend.update()
        self.cloud.picture.prepare()
        self.cloud.refresh()

    # -- pointing -----------------------------------------------------------------------------------------------

    def hold(self, index: int) -> None:
        """Hold a point and ask for its neighbours; -1 releases."""
        frame, self.cloud.held = self._frame, index
        self._key = int(frame.keys[index]) if frame is not None and index >= 0 else -1
        self.cloud.inside = np.zeros(0, dtype=bool)
        self._mark()
        self._tell(index, locked=index >= 0)
        self.look_changed.emit()

    def _on_pick(self, index: int) -> None:
        """A click: an end of the axis where one is missing, otherwise what is held from now on."""
        frame = self._frame
        missing = next((end for end in self.bar.ends if not end.text()), None)
        if frame is not None and index >= 0 and self.bar.layout_.value() == "axis" and missing is not None:
            missing.setText(frame.tokens[index].translate(SEEN))
            return
        self.hold(-1 if index == self.cloud.held else index)

    def _on_hover(self, index: int) -> None:
        self.matrix.light(index if index >= 0 else self.cloud.held)
        if self.cloud.held < 0 and not self.cloud.inside.any():
            self._tell(index, locked=False)

    def _on_row(self, key: int) -> None:
        if self._frame is not None and len(rows := np.flatnonzero(self._frame.keys == key)):
            self.hold(int(rows[0]))

    def _on_caught(self) -> None:
        frame, inside = self._frame, self.cloud.inside
        self._key, self.cloud.held = -1, -1
        self._mark()
        if frame is not None:
            places, ids = frame.places[inside], frame.ids[inside]
            places = places[places >= 0] + frame.before
            self.lit.emit(Lit(tuple(places.tolist()), tuple(ids[ids >= 0].tolist()), bool(inside.any())))
        self.look_changed.emit()

    def _tell(self, index: int, locked: bool) -> None:
        frame = self._frame
        if frame is None or index < 0:
            self.lit.emit(Lit())
            return
        place, token = int(frame.places[index]), int(frame.ids[index])
        self.lit.emit(Lit((place + frame.before,) if place >= 0 else (), (token,) if token >= 0 else (), locked))

    def _axis(self) -> tuple[int, int]:
        """The keys of the two tokens that were typed, -1 where there is no such token."""
        frame = self._frame
        if frame is None:
            return -1, -1
        found = []
        for end in self.bar.ends:
            typed = end.text()
            meant = next((word for word in (typed, typed.translate(AS_SHOWN)) if word and word in frame.tokens), None)
            found.append(int(frame.keys[frame.tokens.index(meant)]) if meant is not None else -1)
        return found[0], found[1]

    # -- inside -------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        shown, body = QWidget(), QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        self._beside = QStackedLayout()
        self._beside.addWidget(self.cloud)
        self._beside.addWidget(self.nothing)
        row.addLayout(self._beside, 3)
        row.addWidget(self.matrix, 2)
        row.addWidget(self.side)
        column = QVBoxLayout(shown)
        column.setContentsMargins(16, 10, 16, 8)
        column.setSpacing(4)
        for widget in (self.bar, self.legend):
            column.addWidget(widget)
        column.addWidget(body, 1)
        column.addWidget(self.stamp)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(shown)
        self.side.hide()
        self.matrix.hide()

    def _connect(self) -> None:
        self.bar.changed.connect(self.look_changed)
        self.bar.changed.connect(lambda: self.bar.arrange(None, self._tight()))
        self.bar.shown.connect(self._restyle)
        self.fit.clicked.connect(self.cloud.fit)
        self.legend.toggled.connect(self._mark)
        self.cloud.hovered.connect(self._on_hover)
        self.cloud.picked.connect(self._on_pick)
        self.cloud.caught.connect(self._on_caught)
        self.matrix.hovered.connect(self.cloud.point)
        self.matrix.picked.connect(self._on_pick)
        self.side.chosen.connect(self._on_row)
        self.side.closed.connect(lambda: self.hold(-1))
        self.side.measured.connect(lambda _: self._show_side())
        self.bar.arrange(None, False)

    def _restyle(self) -> None:
        """Another colour, tool or search: the same picture looks different."""
        cloud, way = self.cloud, self.bar.colour.currentData()
        cloud.lasso, cloud.trailing = self.bar.lasso.isChecked(), self.bar.trails.isChecked()
        cloud.setCursor(Qt.CursorShape.CrossCursor if cloud.lasso else Qt.CursorShape.ArrowCursor)
        if way != cloud.picture.way:
            cloud.picture.way = way
            cloud.picture.prepare()
            self.legend.say(cloud.picture.colouring)
        self._mark()

    def _found(self) -> np.ndarray:
        """Which tokens hold the wanted letters, as they are or as they are shown, bool (n,)."""
        wanted = self.search.text().lower()
        meant = wanted.translate(AS_SHOWN)
        tokens = self._frame.tokens if self._frame else ()
        return np.array([bool(wanted) and (wanted in t or meant in t) for t in map(str.lower, tokens)], dtype=bool)

    def _mark(self) -> None:
        """Bring out what is searched for, else what the lasso has caught."""
        found = self._sought = self._found()
        if not self.search.text() and len(self.cloud.inside) == len(found):
            found = self.cloud.inside
        self.cloud.mark(self.legend.hidden(), found)
        self._show_side()
        self._say()

    def _show_side(self) -> None:
        frame, near = self._frame, self._frame.near if self._frame else None
        roomy = self.width() >= WIDE and not self._tight()
        inside = np.flatnonzero(self.cloud.inside & self.cloud.shown()) if self.cloud.inside.any() else np.zeros(0, int)
        self.matrix.setVisible(frame is not None and frame.similarity is not None and roomy)
        empty = frame is not None and not len(frame.keys)
        self._beside.setCurrentIndex(1 if empty else 0)
        self.legend.setVisible(not empty)
        held = near is not None and near.key == self._key and self._key >= 0
        self.side.setVisible(roomy and bool(held or len(inside)))
        if frame is None or self.side.isHidden():
            return
        if held and near is not None:
            self._list_near(frame)
            return
        rows = Caught(frame, inside)
        self.side.show_rows(f"{len(rows):,} inside", "the most frequent first", rows, False)

    def _list_near(self, frame: EmbeddingFrame) -> None:
        near = frame.near
        assert near is not None
        by_cosine = self.side.measure.value() == "cosine"
        values = near.cosine if by_cosine else near.distance
        index = {key: int(np.flatnonzero(frame.keys == key)[0]) for key in (near.key, *(key for key, _ in values))}
        most = max((value for _, value in values), default=1.0) or 1.0
        where = "at {:,} · " if frame.space == "context" else ""  # a text may hold the same token many times
        rows = [
            Row(key, frame.tokens[index[key]], where.format(key + 1) + f"{value:.3f}".replace("-", "−"),
                value if by_cosine else value / most)
            for key, value in values
        ]  # fmt: skip
        title = quoted(frame.tokens[index[near.key]]) if frame.space != "positions" else f"Place {near.key + 1:,}"
        facts = f"nearest of {len(frame.keys):,} in all {frame.width} dimensions · length {near.norm:.2f}"
        self.side.show_rows(title, facts, rows, True)

    def _say(self) -> None:
        """What the picture shows, of how many, and from when."""
        frame = self._frame
        if frame is None:
            return
        missing = frame.note if len(frame.keys) and frame.layout != self.bar.layout_.value() else ""
        if self.bar.layout_.value() == "axis" and min(self._axis()) < 0:
            missing = "Click two points, or type two tokens, for the axis"
        first, last = self.cloud.trails.steps()
        since = first if self.cloud.trailing and first < last else None
        sought = self._sought if self.search.text() else None
        said = stamp(frame, self.cloud.picture, sought, since, missing)
        self.stamp.setText(said)
        self.stamp.setToolTip(f"{said}. {WHY}")

    def _tight(self) -> bool:
        return self.width() < max(TIGHT[0], self.bar.flow.widest() + 32) or self.height() < TIGHT[1]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Share the room anew."""
        super().resizeEvent(event)
        self.bar.arrange(None, self._tight())
        self._show_side()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Esc releases from anywhere in the panel."""
        if event.key() == Qt.Key.Key_Escape:
            self.hold(-1)
        else:
            super().keyPressEvent(event)


PANEL = EmbeddingsPanel
