"""The inspector: the chosen parts, the model or the training as a form, faults beside their fields, facts under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QWidget

from playground.spec import edit
from playground.spec.check import Fix, Problem, SpecError
from playground.spec.experiment import Experiment
from playground.spec.grafting.report import foretell
from playground.style.widgets import take_no_drops
from playground.ui.foretelling import Foretold
from playground.ui.inspector import fields, placing, selection
from playground.ui.inspector.facts import facts_of
from playground.ui.inspector.menu import RowMenu
from playground.ui.inspector.page import Page
from playground.ui.inspector.pages import sections
from playground.ui.inspector.rows import FieldRow
from playground.ui.inspector.schedule_curve import ScheduleCurve
from playground.ui.inspector.shell import Shell


class Inspector(Shell):
    """Shows an Experiment, never changes it. What the person wants goes out as one of two signals.

    `edit_requested` carries one path and its value, `edits_requested` a tuple of (path, value) that are to be one edit.
    """

    edit_requested = Signal(str, object)
    edits_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment, self._preset = Experiment(), Experiment()
        self._paths: tuple[str, ...] = ("model.embedding",)
        self._selected: tuple[str, ...] = self._paths
        self._pending: dict[str, Any] = {}
        self._edited = ""
        self.menu = RowMenu(self)
        self.menu.wanted.connect(lambda path, pairs: self._request(path, dict(pairs)))
        self.tabs.currentChanged.connect(self._on_tab)
        self.notice.repair.connect(self._on_repair)
        self._fit()
        self._refresh()

    @property
    def rows(self) -> dict[str, FieldRow]:
        """The rows by path; where several parts are shown, by the path in the first of them."""
        return self._form.rows

    @property
    def curve(self) -> ScheduleCurve | None:
        """The learning rate over the run, on the page that has it."""
        return self._form.curve

    @property
    def paths(self) -> tuple[str, ...]:
        """The parts that are shown; nothing where those selected have nothing in common."""
        return self._paths

    # -- what the owner tells it ---------------------------------------------------------------------------------

    def set_experiment(self, experiment: Experiment, preset: Experiment) -> None:
        """Show an experiment; `preset` is what was opened, and what a reset goes back to. Nothing typed stays pending."""
        self._experiment, self._preset = experiment, preset
        self._pending.clear()
        self._edited = ""
        self._say({})
        self._refresh()

    def show_part(self, path: str) -> None:
        """Bring the part at `path` to the front; the place of an absent part shows its layer."""
        self.show_parts((path,))

    def show_parts(self, paths: Sequence[str]) -> None:
        """Bring several parts to the front, as one form for all: those of one kind, or the layers they lie in."""
        if tuple(paths) != self._selected:
            self._forget()
        self._selected = tuple(paths)
        if self.tabs.currentIndex() != 0:
            self.tabs.setCurrentIndex(0)
        else:
            self._refresh()

    def show_problems(self, problems: list[Problem]) -> None:
        """The last edit is refused: say why beside its field, keep what was typed, offer what would work."""
        shown = [path for path, row in self.rows.items() if not row.isHidden()]
        self._say(placing.place(problems, shown, self._pending, self._edited, self._experiment))

    def retheme(self) -> None:
        """Take the theme and the type scale that are in force."""
        self.caption.restyle()
        focused = next((path for path, row in self.rows.items() if row.isAncestorOf(self.focusWidget() or self)), "")
        self._drop_pages()
        self._fit()
        self._refresh()
        if focused in self.rows:
            self.rows[focused].editor.controls()[-1].setFocus()

    # -- what the person does ------------------------------------------------------------------------------------

    def _on_asked(self, path: str, value: Any) -> None:
        targets = selection.spread(path, self._paths)
        wanted = {target: self._whole(target, value) for target in targets}
        if all(edit.get(self._experiment, target) == value for target, value in wanted.items()):
            for target in targets:  # back to what holds: nothing to ask for, nothing wrong
                self._pending.pop(target, None)
            self.rows[path].say(None)
            self._refresh_values()
            return
        self._request(path, wanted)

    def _on_back(self, path: str) -> None:
        targets = selection.spread(path, self._paths)
        back = selection.seen(self._experiment, self._preset, self.rows[path].field, targets).back
        self._request(path, dict(back))

    def _on_repair(self, fix: Fix) -> None:
        self._request(self._edited, placing.edits_of(fix, self._pending))

    def _request(self, path: str, wanted: Mapping[str, Any]) -> None:
        """Ask for an edit alone; where it and all that is pending can be together, ask for that as one edit."""
        self._edited = path
        more = any(target not in wanted for target in self._pending)
        self._pending = {**self._pending, **wanted}
        if more and placing.together(self._experiment, self._pending) is not None:
            wanted = self._pending
        if len(wanted) == 1:
            self.edit_requested.emit(*next(iter(wanted.items())))
        elif wanted:
            self.edits_requested.emit(tuple(wanted.items()))

    def _on_menu(self, path: str, anchor: QWidget) -> None:
        """Open what else can be done with a row."""
        self.menu.fill(self._experiment, self.rows[path], selection.spread(path, self._paths))
        self.menu.popup(anchor.mapToGlobal(QPoint(0, anchor.height() + 2)))

    def _on_tab(self) -> None:
        self._forget()
        self._refresh()

    def _on_noticed(self, path: str) -> None:
        row = self.rows.get(path)
        kinds = [row.field.change for row in self.rows.values() if not row.isHidden()]
        self._show_change(row.field.change if row else max(kinds, key=kinds.count) if kinds else "graft")

    # -- inside --------------------------------------------------------------------------------------------------

    def _whole(self, path: str, value: Any) -> Any:
        """What is asked for at `path`: of a part that is switched on or off, the part as it was, or nothing."""
        if not path.endswith((".attention", ".cross", ".mlp")) or not isinstance(value, bool):
            return value
        here = edit.get(self._experiment, path)
        return (here or fields.preset_value(self._preset, path) or fields.part_default(path)) if value else None

    def _forget(self) -> None:
        """Leave a page: what was refused on it is not kept."""
        self._pending.clear()
        self._edited = ""
        self._say({})

    def _refresh(self) -> None:
        """Show the page: new rows only where no page with such fields has been shown yet."""
        there = selection.common(self._experiment, self._selected)
        self._paths = there or (("model.embedding",) if len(self._selected) < 2 else ())
        made = sections(self._experiment, self.tab, self._paths[0]) if self._paths or self.tab != "part" else []
        shape = (self.tab, Page.shape(made))
        page = self._pages.get(shape)
        if page is None:
            page = self._pages[shape] = self._page(Page(made, self._ground))
        page.address(made)
        self._swap(page)
        titles = {"model": "The model", "training": "Training"}
        both = len(self._experiment.model.stacks) == 2
        parts = selection.caption(self._paths, both) if self._paths else f"{len(self._selected)} parts"
        self.caption.setText(titles.get(self.tab) or parts)
        several = self._selected if len(self._selected) > 1 else ()
        self.caption.setToolTip("\n".join(fields.title(path, both) for path in several))
        self._refresh_values()
        self._on_noticed("")
        self.facts.show_facts(facts_of(self._experiment, self.tab, *(self._paths or self._selected)))

    def _page(self, page: Page) -> Page:
        page.asked.connect(self._on_asked)
        page.back.connect(self._on_back)
        page.menu_wanted.connect(self._on_menu)
        page.repair.connect(self._on_repair)
        page.noticed.connect(self._on_noticed)
        for row in page.rows.values():
            for control in row.editor.controls():
                Foretold(control, partial(self._foretell, row, control))
        take_no_drops(page)
        return page

    def _foretell(self, row: FieldRow, control: QWidget) -> str:
        """What it would keep of the weights if the choice of a control were taken."""
        field = row.field
        value = row.editor.value_of(control)
        if value is None:
            return ""
        wanted = {target: self._whole(target, value) for target in selection.spread(field.path, self._paths)}
        if not wanted or all(edit.get(self._experiment, target) == value for target, value in wanted.items()):
            return ""
        try:
            return foretell(self._experiment, edit.replaced_all(self._experiment, wanted.items()))
        except SpecError as error:
            return f"Not as it stands: {error.problems[0].message}."

    def _refresh_values(self) -> None:
        self._form.show_values(self._experiment, self._preset, self._paths, tuple(self._pending))

    def _say(self, said: dict[str, placing.Said]) -> None:
        for path, row in self.rows.items():
            row.say(said.get(path))
        if placing.TOP in said:
            self.notice.say(said[placing.TOP])
        else:
            self.notice.clear()
