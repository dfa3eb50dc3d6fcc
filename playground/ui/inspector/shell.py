"""The frame of the inspector: pages, caption, kind of change, reports and faults above; below a column that scrolls."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QTabBar, QVBoxLayout, QWidget

from playground.spec.record import Change
from playground.style import theme
from playground.style.widgets import Caption, Hairline, Pill
from playground.ui.inspector.facts import Facts
from playground.ui.inspector.help import CHANGES
from playground.ui.inspector.naming import scaled
from playground.ui.inspector.notice import Notice
from playground.ui.inspector.page import Page
from playground.ui.inspector.pages import TABS

MESSAGE_MS = 9000
"""How long a report of a graft stays."""


class Shell(QWidget):
    """Where everything stands; what it says and does is the inspector's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Inspector pages")
        for _, name, tip in TABS:
            self.tabs.setTabToolTip(self.tabs.addTab(name), tip)
        self.caption, self.pill = Caption("", self), Pill("", "warning", self)
        self.notice, self.message = Notice(self), QLabel(self)
        self.facts = Facts()
        self._pages: dict[object, Page] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MESSAGE_MS)
        self._timer.timeout.connect(self.message.hide)
        self._ground = QWidget()
        self._column = QVBoxLayout(self._ground)
        self._form = Page([], self._ground)
        self._arrange()

    @property
    def tab(self) -> str:
        """Which page is in front: part, model or training."""
        return TABS[self.tabs.currentIndex()][0]

    def show_message(self, text: str) -> None:
        """A piece of good news, such as what a graft kept; it goes by itself."""
        self.message.setText(text)
        self.message.setVisible(bool(text))
        self._timer.start()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """The width of the design."""
        return QSize(304, 640)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrange the head for the new width."""
        super().resizeEvent(event)
        self._fit_head()

    # -- inside -------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setContentsMargins(16, 12, 16, 8)
        self._head.setSpacing(6)
        self._head.addWidget(self.caption, 1)
        self._head.addWidget(self.pill)
        self.message.setProperty("role", "good")
        self.message.setWordWrap(True)
        self.message.hide()
        above = QVBoxLayout()
        above.setContentsMargins(16, 0, 16, 0)
        above.setSpacing(0)
        for widget in (self.message, self.notice):
            above.addWidget(widget)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.verticalScrollBar().rangeChanged.connect(self._keep_margin)
        self._column.setContentsMargins(16, 4, 16, 16)
        self._column.setSpacing(8)
        self._column.addWidget(self._form)
        self._column.addSpacing(4)
        self._column.addWidget(Hairline(parent=self._ground))
        self._column.addSpacing(4)
        self._column.addWidget(self.facts)
        self._column.addStretch(1)
        self.area.setWidget(self._ground)
        self.area.viewport().setAutoFillBackground(False)
        self._ground.setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(Hairline(parent=self))
        column.addLayout(self._head)
        column.addLayout(above)
        column.addSpacing(4)
        column.addWidget(self.area, 1)

    def _swap(self, page: Page) -> None:
        """Bring another page of fields to the front; the one before is kept for later."""
        if page is not self._form:
            old, self._form = self._form, page
            self._column.replaceWidget(old, page)
            old.hide()
            page.show()
            self.area.verticalScrollBar().setValue(0)

    def _drop_pages(self) -> None:
        for page in self._pages.values():
            page.deleteLater()
        self._pages = {}

    def _show_change(self, kind: Change) -> None:
        text, role = CHANGES[kind]
        self.pill.setText(text)
        self.pill.set_role(role)
        self._fit_head()

    def _fit(self) -> None:
        self.setMinimumWidth(scaled(284))
        self.pill.setFont(theme.font(0.85))
        self.message.setFont(theme.font(0.92))

    def _fit_head(self) -> None:
        """Put the pill under the caption where they may not fit beside each other; hovering never moves anything."""
        metrics = QFontMetrics(self.pill.font())
        kinds = {row.field.change for row in self._form.rows.values()} or {"graft"}
        pill = max(metrics.horizontalAdvance(text) for kind, (text, _) in CHANGES.items() if kind in kinds) + 18
        wide = self.caption.sizeHint().width() + pill + 38 <= self.width()
        self._head.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _keep_margin(self) -> None:
        bar = self.area.verticalScrollBar()
        self._column.setContentsMargins(16, 4, 16 - (bar.sizeHint().width() if bar.maximum() > 0 else 0), 16)
