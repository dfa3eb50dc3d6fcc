"""The list of the library: its two groups as items, and how a row is painted, with its drawing, sentence and figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QStandardItem, QStandardItemModel, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from playground.style import theme
from playground.ui.library import glyph
from playground.ui.library.entries import Entry

ENTRY = Qt.ItemDataRole.UserRole
NARROW = 460
"""Below this width of the list the drawings are smaller, so that the words have room."""
PADDING, MARGIN = 7.0, 2.0
Index = QModelIndex | QPersistentModelIndex

YOURS, SHIPPED = "Yours", "Shipped"
NOTHING_YET = "Nothing of yours yet. Save a model, or duplicate one, and it stands here."


def fill(model: QStandardItemModel, entries: Sequence[Entry], *, searching: bool) -> None:
    """Make the model show these entries in their two groups; the note for an empty group only where none is sought."""
    model.clear()
    own, given = [e for e in entries if not e.shipped], [e for e in entries if e.shipped]
    for caption, group in ((YOURS, own), (SHIPPED, given)):
        if group:
            model.appendRow(_words(caption, "caption"))
        for entry in group:
            model.appendRow(_item(entry))
    if not own and not searching:
        model.appendRow(_words(YOURS, "caption"))
        model.appendRow(_words(NOTHING_YET, "note"))


def entry_of(index: Index) -> Entry | None:
    """The entry in a row, or None for a caption."""
    found = index.data(ENTRY)
    return found if isinstance(found, Entry) else None


def _words(text: str, kind: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    item.setData(kind, ENTRY)
    return item


def _item(entry: Entry) -> QStandardItem:
    item = QStandardItem(entry.title)
    item.setEditable(False)
    item.setData(entry, ENTRY)
    said = ". ".join(part for part in (entry.title, entry.sentence.rstrip("."), entry.facts, entry.expects) if part)
    item.setData(said, Qt.ItemDataRole.AccessibleTextRole)
    if entry.problem:
        item.setToolTip(entry.problem)
    return item


class RowDelegate(QStyledItemDelegate):
    """Paints the rows; nothing here is a widget, so a hundred models cost as little as the few in sight."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 (Qt's name)
        """As wide as the list; an entry has room for its drawing and for five lines."""
        wide = _width(option)
        kind = index.data(ENTRY)
        if kind == "caption":
            return QSize(0, round(QFontMetricsF(_caption_font()).height() + 20))
        if kind == "note":
            room = QFontMetricsF(theme.font(0.92)).height()
            return QSize(0, round(_wrapped(str(index.data()), theme.font(0.92), wide - 24, 4)[1] + room))
        lines = QFontMetricsF(theme.font(1.05, bold=True)).height() + 2 * QFontMetricsF(theme.font(0.92)).height()
        lines += 3 * QFontMetricsF(theme.font(0.85)).height() + 10
        return QSize(0, round(max(lines, _stamp(wide)[1]) + 2 * PADDING + 2 * MARGIN))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """A caption, a note or an entry."""
        area, entry = QRectF(option.rect), entry_of(index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry is not None:
            self._entry(painter, option, area.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN), entry)
        elif index.data(ENTRY) == "caption":
            painter.setFont(_caption_font())
            painter.setPen(theme.colour("quiet"))
            painter.drawText(area.adjusted(12, 0, 0, -5), Qt.AlignmentFlag.AlignBottom, str(index.data()))
        else:
            layout, _ = _wrapped(str(index.data()), theme.font(0.92), area.width() - 24, 4)
            painter.setPen(theme.colour("quiet"))
            layout.draw(painter, QPointF(area.left() + 12, area.top() + 4))
        painter.restore()

    def _entry(self, painter: QPainter, option: QStyleOptionViewItem, area: QRectF, entry: Entry) -> None:
        state: QStyle.StateFlag = option.state
        chosen, hovered = QStyle.StateFlag.State_Selected in state, QStyle.StateFlag.State_MouseOver in state
        painter.setPen(QPen(theme.colour("accent"), 1.6) if chosen else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("selected" if chosen else "raised") if chosen or hovered else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 8, 8)
        wide, high = _stamp(_width(option))
        tile = QRectF(area.left() + PADDING, area.top() + (area.height() - high) / 2, wide, high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("surface"))
        painter.drawRoundedRect(tile, 6, 6)
        if entry.experiment is not None:
            glyph.paint(painter, tile.adjusted(10, 8, -10, -8), entry.experiment.model)
        else:
            painter.setFont(theme.font(2.2, bold=True))
            painter.setPen(theme.colour("bad"))
            painter.drawText(tile, Qt.AlignmentFlag.AlignCenter, "!")
        left = tile.right() + 12
        _lines(painter, QRectF(left, area.top(), area.right() - left - PADDING, area.height()), entry, chosen)


def _lines(painter: QPainter, area: QRectF, entry: Entry, chosen: bool) -> None:
    """Title, sentence, size and shape, result and time; in the middle of the row."""
    wide, small = area.width(), theme.font(0.85)
    quiet = "text" if chosen else "quiet"  # quiet words on the ground of the chosen row would be too faint
    most, tone = (4, quiet) if entry.problem else (2, "text")
    figures = [said for said in (entry.facts, entry.expects) if said]
    if any(QFontMetricsF(small).horizontalAdvance(said) > wide for said in figures):
        figures = [" · ".join(figures)]  # two lines that break would be four
    blocks = [
        (_wrapped(entry.title, theme.font(1.05, bold=True), wide, 1), "text", 2.0),
        (_wrapped(entry.sentence, theme.font(0.92), wide, most), tone, 4.0),
        *((_wrapped(said, small, wide, 3), quiet, 0.0) for said in figures),
    ]
    y = area.top() + (area.height() - sum(tall + gap for (_, tall), _, gap in blocks)) / 2
    for (layout, tall), tone, gap in blocks:
        painter.setPen(theme.colour(tone))
        layout.draw(painter, QPointF(area.left(), y))
        y += tall + gap


def _wrapped(text: str, font: QFont, width: float, most: int) -> tuple[QTextLayout, float]:
    """A text in `most` lines at most, the last of them ending in "…" where there is more; and how tall that is."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    y, starts = 0.0, list[tuple[int, int]]()
    while (line := layout.createLine()).isValid() and len(starts) < most:
        line.setLineWidth(max(1.0, width))
        line.setPosition(QPointF(0, y))
        y += line.height()
        starts.append((line.textStart(), line.textLength()))
    layout.endLayout()
    if starts and sum(starts[-1]) < len(text):
        rest = text[starts[-1][0] :]
        last = QFontMetricsF(font).elidedText(rest, Qt.TextElideMode.ElideRight, width - 2)
        return _wrapped(text[: starts[-1][0]] + last, font, width, most)
    return layout, y


def _caption_font() -> QFont:
    made = theme.font(0.85)
    made.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 108)
    made.setCapitalization(QFont.Capitalization.AllUppercase)
    return made


def _width(option: QStyleOptionViewItem) -> float:
    view: QWidget | None = option.widget
    return float(view.width()) if view is not None else float(NARROW)


def _stamp(width: float) -> tuple[float, float]:
    """The size of a drawing with its ground."""
    return (140.0, 106.0) if width >= NARROW else (108.0, 86.0)
