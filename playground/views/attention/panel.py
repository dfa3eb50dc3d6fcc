"""The attention panel: three zooms - all heads with scores, one head with its tokens, one weight worked out - and the moves
between them."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.tokens import CATEGORIES
from playground.style.widgets import Caption, Elided, EmptyState, Segments
from playground.views.attention import scores
from playground.views.attention.frame import AttentionFrame, AttentionLook
from playground.views.attention.panel_cell import CellPage
from playground.views.attention.panel_flight import Flight
from playground.views.attention.panel_head import HeadPage
from playground.views.attention.panel_model import ModelPage
from playground.views.attention.panel_names import axes_read, layer_label, layer_labels, meant, title
from playground.views.attention.panel_options import Options
from playground.views.lit import Lit

PAUSE_MS = 250
"""How long the person's typing must rest before the text is looked at."""
ZOOMS = (("model", "Model"), ("head", "Head"), ("cell", "Cell"))
SHAPES = (("matrix", "Matrix"), ("arcs", "Lines"))
ALONE_FROM = 129
"""From so many tokens on only the attention that is shown is asked for: all of them would be a picture of many megabytes."""
OVERLAID = 5


class AttentionPanel(QWidget):
    """Hovering previews a head, a click locks it, Esc releases; heads are counted from 0 in code and from 1 on screen."""

    look_changed = Signal()
    head_chosen = Signal(str, int)
    """The person chose a head: the tap prefix of its layer ("decoder.2") and its index."""
    lit = Signal(object)
    """A `Lit`: query and key of the cell that is read."""
    menu_wanted = Signal(str, int, object, object)
    """A menu is wanted for a head, or for its edge (query, key) or None, at a global point."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: AttentionFrame | None = None
        self._wish: tuple[str, int] = ("", 0)
        self._preview: tuple[str, int] | None = None
        self.locked = False
        self.near = "head"
        """The zoom: "model", "head" or "cell"."""
        self._overlay: list[tuple[str, int]] = []
        self._cell = (0, 0)
        self.model, self.head, self.cell = ModelPage(), HeadPage(), CellPage()
        self.mosaic, self.matrix, self.arcs = self.head.mosaic, self.head.matrix, self.head.arcs
        self.text, self.hint, self.note, self.field = self.head.text, self.head.hint, self.head.note, self.head.field
        self.edit = self.field
        self.zoom, self.shape, self.more = Segments(ZOOMS), Segments(SHAPES), Options()
        self.title, self.stamp = Caption(), Elided()
        self.empty = EmptyState("Waiting for the first picture", "Attention appears here as soon as the model is loaded.")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.look_changed)
        self._build()
        self.flight = Flight(self)
        self._connect()
        self.retheme()

    # -- what every panel offers --------------------------------------------------------------------------------

    def look(self) -> AttentionLook:
        """Which text the person wants to look at, and how near."""
        zoom, shown = self.near, self.selected()
        only = self._wish[0] if zoom != "model" and self.more.length >= ALONE_FROM else ""
        cell = (*shown, *self._cell) if zoom == "cell" and shown is not None else None
        return AttentionLook(self.field.text(), self.more.length, only, cell)

    def draw(self, frame: AttentionFrame) -> None:
        """Show a picture of the model; arrays are kept, pixels are made when they are painted."""
        before, self._frame = self._frame, frame
        labels = layer_labels(frame.names)
        if self._preview is not None and self._valid(*self._preview) != self._preview:
            self._preview = None
        self._overlay = [place for place in self._overlay if self._valid(*place) == place]
        self.mosaic.signed = self.matrix.signed = frame.signed
        for button in self.zoom.buttons():
            button.setEnabled(not frame.signed)
        if frame.signed and self.near != "head":  # of differences there are no scores, and nothing to work out
            self._set_zoom("head")
            return
        self.mosaic.draw(frame.patterns, frame.causal, labels)
        if self.near == "model":
            self.model.draw(frame, labels)
        self.cell.draw(frame)
        if not frame.patterns or not frame.tokens:
            self.empty.title.setText("No layer attends")
            self.empty.hint.setText("Give a layer attention in the inspector, and its heads appear here.")
        self._pages.setCurrentIndex(1 if frame.patterns and frame.tokens else 0)
        self._stamp(frame)
        self._refresh()
        if before is None or _shape(before) != _shape(frame):
            self.head.fit()

    def retheme(self) -> None:
        """Take the theme and the type scale in force."""
        self.title.restyle()
        for widget in (self.stamp, self.more, *self.zoom.buttons(), *self.shape.buttons()):
            widget.setFont(theme.font(0.9))
        bold = QFontMetricsF(theme.font(0.9, bold=True))
        for button in (*self.zoom.buttons(), *self.shape.buttons()):  # the chosen one is bold and must not be cut
            button.setMinimumWidth(round(bold.horizontalAdvance(button.text())) + 20)
        for page in (self.model, self.head):
            page.retheme()
        self.cell.update()
        self.empty.title.setFont(theme.font(1.3, bold=True))
        self._refresh()

    def show_lit(self, lit: Lit) -> None:
        """Mark the queries and keys that another view points at."""
        frame, shown = self._frame, self.shown()
        if frame is None or shown is None:
            return
        found = [
            frozenset(np.flatnonzero(np.isin(np.arange(len(ids)) + before, lit.positions) if lit.positions
                                     else np.isin(ids, lit.ids)).tolist())
            for ids, before in axes_read(frame, shown[0])
        ]  # fmt: skip
        self.matrix.light(found[0], found[1])
        self.arcs.lit = found[0], found[1]
        self.arcs.update()

    # -- choosing -----------------------------------------------------------------------------------------------

    def select(self, name: str, head: int | None = None) -> None:
        """Show a head because it was chosen elsewhere; without a head, the layer's head in the same place as now."""
        before = self.look()
        self._wish = (name, self._wish[1] if head is None else head)
        self._refresh()
        if self.look() != before:
            self.look_changed.emit()

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
        self.arcs.release()
        self._refresh()

    def go(self, zoom: str) -> None:
        """Move to another zoom."""
        before = self.near
        if zoom == before or self._frame is None:
            return
        if zoom == "cell" and before == "head":
            self._cell = self.matrix.cell or self._strongest()
            self.flight.fly(*self._cell_picture(), self._page_rect())
        elif zoom == "head" and before == "model" and (picture := self._tile_picture()) is not None:
            self.flight.fly(*picture, self._page_rect())
        elif zoom == "head" and before == "cell":
            image, rect = self._cell_picture()
            self.flight.fly(image, self._page_rect(), rect)
        elif zoom == "model" and before == "head" and not self.head.isHidden():
            image = self.matrix.grab(self.matrix.area().toRect()).toImage()
            self._set_zoom(zoom)
            if (picture := self._tile_picture()) is not None:
                self.flight.fly(image, self._page_rect(), picture[1])
            return
        self._set_zoom(zoom)

    def _set_zoom(self, zoom: str) -> None:
        self.near = zoom
        self.zoom.set_value(zoom)
        self._zooms.setCurrentIndex([name for name, _ in ZOOMS].index(zoom))
        if self._frame is not None:
            self.draw(self._frame)
        self._share_out()
        if zoom == "cell":
            self.cell.setFocus()
        self.look_changed.emit()

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

    def _on_add(self, row: int, head: int) -> None:
        """One head more, or less, of those that are laid over each other; the chosen one is the first of them."""
        place, chosen = self._at(row, head), self.selected()
        if not self._overlay and chosen is not None and chosen != place:
            self._overlay = [chosen]
        self._overlay = [each for each in self._overlay if each != place] if place in self._overlay else [*self._overlay, place]
        self._overlay = self._overlay[-OVERLAID:] if len(self._overlay) > 1 else []
        self._refresh()

    def _on_move(self, row: int, head: int) -> None:
        self._choose(self._at(row, head))

    def _on_gallery(self, row: int, head: int) -> None:
        self.locked = True
        self._choose(self._at(row, head))
        self.go("head")

    def _choose(self, place: tuple[str, int]) -> None:
        changed = place != self.selected()
        self._wish, self._preview = place, None
        self._refresh()
        if changed:
            self.head_chosen.emit(*place)

    def _on_read(self) -> None:
        """Query and key of the cell that is read light up in the other views."""
        frame, shown, cell = self._frame, self.shown(), self.matrix.cell
        if frame is None or shown is None or cell is None or frame.ids is None:
            self.lit.emit(Lit())
            return
        (queries, before), (keys, ahead) = axes_read(frame, shown[0])
        places = cell[0] + before, cell[1] + ahead
        self.lit.emit(Lit(places, (int(queries[cell[0]]), int(keys[cell[1]])), self.matrix.holds))

    def _on_neighbour(self, down: int, right: int) -> None:
        frame, shown = self._frame, self.selected()
        if frame is None or shown is None:
            return
        queries, keys = frame.axes(shown[0])
        self._cell = min(max(self._cell[0] + down, 0), len(queries) - 1), min(max(self._cell[1] + right, 0), len(keys) - 1)
        self.matrix.hold(self._cell)
        self._refresh()
        self.look_changed.emit()

    # -- inside -------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Bring matrix, frame and words to the head that is shown."""
        frame, shown, chosen = self._frame, self.shown(), self.selected()
        if frame is None or shown is None or chosen is None or not frame.tokens:
            return
        row = frame.names.index(shown[0])
        pattern = meant(frame, shown, self.more.mean)
        at = frame.names.index(chosen[0]), chosen[1]
        colours = dict(zip(self._overlay, CATEGORIES, strict=False))
        for heads in (self.mosaic, self.model.gallery):
            heads.select(at)
            heads.mark({(frame.names.index(name), head): colour for (name, head), colour in colours.items()})
        queries, keys = frame.axes(shown[0])
        over = [
            (meant(frame, place, "one"), colour) for place, colour in colours.items() if frame.axes(place[0]) == (queries, keys)
        ]
        self.matrix.draw(pattern, queries, keys, frame.causal[row], tuple(over) if len(over) > 1 else ())
        self.arcs.draw(pattern, queries, keys)
        where = title(shown, frame.names, self.more.mean)
        self.mosaic.setAccessibleDescription(where)
        self._entitle(frame, shown, where)
        hint = "Ctrl+click lays heads over each other" if self.locked and not self._overlay else ""
        self.hint.setText("locked · Esc releases" if self.locked else "click locks")
        self.hint.setToolTip(hint or "Ctrl+click on heads lays them over each other; a double click on a cell works it out")
        nothing = scores.HeadScores(*[float("nan")] * len(scores.KINDS))
        found = nothing if frame.signed else scores.score(pattern, queries, keys)
        self.head.say(where, found, "red: A looks more · blue: B does" if frame.signed else self._more())

    def _entitle(self, frame: AttentionFrame, shown: tuple[str, int], where: str) -> None:
        zoom, short = self.near, f"L{layer_label(shown[0])} · H{shown[1] + 1}"
        if zoom == "model":
            where = f"{sum(_shape(frame))} heads"
        elif zoom == "cell" and (cell := frame.cell) is not None:
            where = f"{where} · {cell.place[2] + 1} → {cell.place[3] + 1}"
        self.title.setText(short if self._tight() else where)

    def _more(self) -> str:
        """What else is to know about the picture of the head."""
        if len(self._overlay) > 1:
            shown = zip(self._overlay, CATEGORIES, strict=False)
            return " ".join(
                f"<span style='color:{colour}'>■</span> {layer_label(name)}·{head + 1}" for (name, head), colour in shown
            )
        if self.shape.value() == "arcs" and self.arcs.left_out:
            return f"the {self.arcs.drawn:,} strongest lines; {self.arcs.left_out:,} weaker ones are not drawn"
        return self.matrix.thinned()

    def _strongest(self) -> tuple[int, int]:
        """The cell to work out where none is read: what the last query looks at most."""
        frame, shown = self._frame, self.selected()
        assert frame is not None
        assert shown is not None
        pattern = meant(frame, shown, self.more.mean)
        return len(pattern) - 1, int(pattern[-1].argmax())

    def _page_rect(self) -> QRectF:
        return QRectF(self.head.mapTo(self, self.matrix.mapTo(self.head, QPoint())), self.matrix.size()) if (
            self.near != "cell" and self.matrix.isVisible()) else QRectF(self._zooms_ground.geometry())  # fmt: skip

    def _cell_picture(self) -> tuple[QImage, QRectF]:
        """A part of the matrix around the cell, and where it is in the panel."""
        area, (query, key) = self.matrix.area(), self._cell
        _, keys = self._frame.axes(self._wish[0]) if self._frame is not None else ((), ())
        step = area.width() / max(1, len(keys))
        around = QRectF(area.left() + (key - 1) * step, area.top() + (query - 1) * step, 3 * step, 3 * step)
        image = self.matrix.grab(around.toAlignedRect()).toImage()
        return image, around.translated(QRectF(self.matrix.mapTo(self, QPoint()), self.matrix.size()).topLeft())

    def _tile_picture(self) -> tuple[QImage, QRectF] | None:
        """The chosen head in the gallery, and where it is in the panel."""
        chosen, gallery = self.selected(), self.model.gallery
        if chosen is None or self._frame is None:
            return None
        rect = gallery.cell_rect(self._frame.names.index(chosen[0]), chosen[1])
        corner = gallery.mapTo(self, QPoint())
        return gallery.grab(rect.toRect()).toImage(), rect.translated(corner.x(), corner.y())

    def _build(self) -> None:
        self.zoom.set_accessible("Zoom")
        self.zoom.setToolTip("All heads, one head, or one weight; Enter and double click lead nearer, Esc further away")
        self.shape.set_accessible("Shape of the head")
        self.zoom.set_value("head")
        self.shape.set_value("matrix")
        self.stamp.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        for widget in (self.zoom, self.shape, self.more):
            head.addWidget(widget)
        head.addSpacing(theme.GRID)
        head.addWidget(self.title)
        head.addWidget(self.stamp, 1)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(16, 10, 16, 12)
        column.setSpacing(theme.GRID)
        column.addLayout(head)
        self._zooms_ground = QWidget()
        self._zooms = QStackedLayout(self._zooms_ground)
        for page in (self.model, self.head, self.cell):
            self._zooms.addWidget(page)
        self._zooms.setCurrentIndex(1)
        column.addWidget(self._zooms_ground, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(content)
        self.setMinimumSize(300, 180)

    def _connect(self) -> None:
        self.zoom.chosen.connect(self.go)
        self.shape.chosen.connect(self._on_shape)
        self.more.changed.connect(self._on_options)
        self.more.longer.connect(self.look_changed)
        self.more.alone.connect(self._on_alone)
        self.mosaic.hovered.connect(self._on_hover)
        self.mosaic.picked.connect(self._on_pick)
        self.mosaic.added.connect(self._on_add)
        self.mosaic.moved.connect(self._on_move)
        self.mosaic.released.connect(self.release)
        gallery = self.model.gallery
        gallery.picked.connect(self._on_gallery)
        gallery.added.connect(self._on_add)
        gallery.moved.connect(self._on_move)
        for heads in (self.mosaic, gallery):
            heads.menu_wanted.connect(lambda row, head, at: self.menu_wanted.emit(*self._at(row, head), None, at))
        self.matrix.menu_wanted.connect(self._on_edge_menu)
        self.matrix.entered.connect(partial(self.go, "cell"))
        self.matrix.read.connect(self._on_read)
        for shape in (self.matrix, self.arcs):
            shape.released.connect(self.release)
        self.cell.moved.connect(self._on_neighbour)
        self.cell.left.connect(partial(self.go, "head"))
        self.field.textChanged.connect(self._pause.start)
        self.field.returnPressed.connect(self._look_now)

    def _on_edge_menu(self, at: QPoint) -> None:
        if (shown := self.shown()) is not None and (cell := self.matrix.cell) is not None:
            self.menu_wanted.emit(*shown, cell, at)

    def _on_shape(self, name: str) -> None:
        self.shape.set_value(name)
        self.head.show_shape(name)
        self._refresh()

    def _on_options(self) -> None:
        self.matrix.totals = self.more.totals.isChecked()
        self._refresh()

    def _on_alone(self) -> None:
        self._overlay = []
        self._refresh()

    def _look_now(self) -> None:
        if self._pause.isActive():
            self._pause.stop()
            self.look_changed.emit()

    def _stamp(self, frame: AttentionFrame) -> None:
        total, room = sum(_shape(frame)), len(frame.tokens)
        picture = f"step {frame.step:,}"
        self.stamp.setText(picture if self._tight() else f"picture of {picture} · {total} of {total} heads")
        self.more.fit(frame.room)
        self.head.tell(f"{frame.shortened:,} tokens not shown: there is room for {room}" if frame.shortened else "")

    def _tight(self) -> bool:
        """Little room (all views at once on a small screen): only the mosaic and the matrix are shown."""
        return self.height() < 300 or self.width() < 480

    def _share_out(self) -> None:
        tight, head = self._tight(), self.near == "head"
        self.head.tight = tight
        self.zoom.setVisible(not tight)
        for widget in (self.shape, self.more):
            widget.setVisible(not tight and head)
        self.head.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Share the room anew."""
        super().resizeEvent(event)
        self._share_out()
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


PANEL = AttentionPanel
