"""The library is used with the mouse alone or the keys alone, and what goes wrong is said in it."""

import shutil

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from playground.places import shipped
from playground.ui.library import folders
from playground.ui.library.dialog import Library

SHIPPED = sorted(path.parent.name for path in shipped("models").glob("*/experiment.toml"))
HALF = "[model\n"


def model_in(place, name, source="llama", text=None):
    folder = place / name
    folder.mkdir(parents=True)
    shutil.copy(shipped("models") / source / "experiment.toml", folder)
    if text is not None:
        (folder / "experiment.toml").write_text(text)
    return folder


@pytest.fixture
def own(tmp_path):
    return tmp_path / "own"


def opened(qtbot, own, **given):
    made = Library(own=own, **given)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.open()
    return made


def titles(library):
    return [entry.title for entry in library.shown()]


def point_of(library, title):
    index = next(i for i in (library.model.index(row, 0) for row in range(library.model.rowCount())) if i.data() == title)
    library.list.scrollTo(index)
    return library.list.visualRect(index).center()


def answering(qtbot, key, said=None):
    """Press a key in the box that is about to come up."""

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        if said is not None:
            said.append(box.text())
        qtbot.keyClick(box, key)

    QTimer.singleShot(50, press)


def test_keys_alone_find_and_open_a_model(qtbot, own):
    library = opened(qtbot, own)
    assert library.entry().name == "gpt"
    assert library.search.hasFocus()
    qtbot.keyClicks(library.search, "encoder distances")
    assert titles(library) == ["T5"]
    assert library.reader.toPlainText().startswith("T5")
    with qtbot.waitSignal(library.chosen) as caught:
        qtbot.keyClick(library.search, Qt.Key.Key_Return)
    assert caught.args == [shipped("models") / "t5"]
    assert not library.isVisible()


def test_arrows_move_from_the_search_field_and_letters_go_back_to_it(qtbot, own):
    library = opened(qtbot, own)
    second = library.shown()[1]
    qtbot.keyClick(library.search, Qt.Key.Key_Down)
    assert library.entry() is second
    assert library.reader.toPlainText().startswith(second.title)
    library.list.setFocus()
    qtbot.keyClicks(library.list, "llama")
    assert library.search.text() == "llama"
    assert library.search.hasFocus()
    assert library.entry().name == "llama"


def test_enter_in_the_list_opens_once(qtbot, own):
    library = opened(qtbot, own)
    caught = []
    library.chosen.connect(caught.append)
    library.list.setFocus()
    qtbot.keyClick(library.list, Qt.Key.Key_Down)
    name = library.entry().folder
    qtbot.keyClick(library.list, Qt.Key.Key_Return)
    qtbot.wait(50)
    assert caught == [name]


def test_a_double_click_opens_what_is_under_the_pointer(qtbot, own):
    library = opened(qtbot, own)
    place = point_of(library, "Llama")
    qtbot.mouseClick(library.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert library.entry().name == "llama"
    caught = []
    library.chosen.connect(caught.append)
    qtbot.mouseDClick(library.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.wait(50)
    assert caught == [shipped("models") / "llama"]
    assert not library.isVisible()


def test_nothing_found_is_said_and_escape_clears_before_it_closes(qtbot, own):
    library = opened(qtbot, own)
    qtbot.keyClicks(library.search, "zebra")
    assert titles(library) == []
    assert "zebra" in library.empty.title.text()
    assert library.empty.isVisible()
    assert not library.open_button.isEnabled()
    qtbot.keyClick(library.search, Qt.Key.Key_Escape)
    assert len(titles(library)) == len(SHIPPED)
    assert library.isVisible()
    qtbot.keyClick(library.search, Qt.Key.Key_Escape)
    assert not library.isVisible()


def test_a_broken_model_is_shown_and_cannot_be_opened(qtbot, own):
    model_in(own, "half", text=HALF)
    library = opened(qtbot, own)
    caught = []
    library.chosen.connect(caught.append)
    place = point_of(library, "half")
    qtbot.mouseClick(library.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(library.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert library.entry().name == "half"
    assert "line 1 is not TOML" in library.reader.toPlainText()
    qtbot.keyClick(library.list, Qt.Key.Key_Return)
    assert caught == []
    assert library.isVisible()
    assert not library.duplicate.isEnabled()


def test_the_open_model_is_chosen_at_first(qtbot, own):
    mine = model_in(own, "mine")
    model_in(own, "later")
    assert opened(qtbot, own, current=mine).entry().folder == mine


def test_a_copy_of_a_shipped_model_stands_first_among_the_own_ones(qtbot, own):
    library = opened(qtbot, own)
    qtbot.mouseClick(library.duplicate, Qt.MouseButton.LeftButton)
    assert library.entry().folder == own / "GPT copy"
    assert titles(library)[0] == "GPT copy"
    assert "GPT copy" in library.status.text()
    for path in (shipped("models") / "gpt").iterdir():
        assert (own / "GPT copy" / path.name).read_bytes() == path.read_bytes()
    point_of(library, "GPT")
    library.refresh(shipped("models") / "gpt")
    qtbot.keyClick(library, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert library.entry().folder == own / "GPT copy 2"
    assert titles(library)[:2] == ["GPT copy 2", "GPT copy"]


def test_a_copy_that_cannot_be_made_is_told_and_leaves_nothing(qtbot, tmp_path):
    (tmp_path / "file").write_text("")
    library = opened(qtbot, tmp_path / "file")
    qtbot.mouseClick(library.duplicate, Qt.MouseButton.LeftButton)
    assert "was not copied" in library.status.text()
    assert library.status.isVisible()


def test_a_copy_that_breaks_off_leaves_nothing(tmp_path):
    folder = model_in(tmp_path, "a")
    (folder / "weights").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError, match="No such file") as caught:
        folders.duplicate(folder, "a", tmp_path / "own")
    assert caught.value.strerror
    assert list((tmp_path / "own").iterdir()) == []


def test_a_copy_takes_no_name_that_a_system_forbids(tmp_path):
    made = folders.duplicate(model_in(tmp_path, "a"), 'a/b: "c"?', tmp_path / "own")
    assert made.parent == tmp_path / "own"
    assert not set(made.name) & set('/\\:"?*<>|')


def test_an_own_model_goes_to_the_trash_only_after_a_yes(qtbot, own):
    gone = model_in(own, "mine")
    model_in(own, "other")
    library = opened(qtbot, own, current=gone)
    library.list.setFocus()
    said = []
    answering(qtbot, Qt.Key.Key_Escape, said)
    qtbot.keyClick(library.list, Qt.Key.Key_Delete)
    assert said == ["Move “mine” to the trash?"]
    assert gone.is_dir()
    answering(qtbot, Qt.Key.Key_Return)
    qtbot.mouseClick(library.delete, Qt.MouseButton.LeftButton)
    assert not gone.exists()
    assert "mine" not in titles(library)
    assert "other" in titles(library)
    assert "trash" in library.status.text()


def test_a_trash_that_refuses_leaves_the_model_and_says_so(qtbot, own, monkeypatch):
    mine = model_in(own, "mine")
    monkeypatch.setattr(folders, "to_trash", lambda folder: False)
    library = opened(qtbot, own)
    answering(qtbot, Qt.Key.Key_Return)
    qtbot.mouseClick(library.delete, Qt.MouseButton.LeftButton)
    assert str(mine) in library.status.text()
    assert "mine" in titles(library)


def test_a_shipped_model_cannot_be_deleted(qtbot, own):
    library = opened(qtbot, own)
    assert not library.delete.isEnabled()
    library.list.setFocus()
    qtbot.keyClick(library.list, Qt.Key.Key_Delete)  # a question would wait here for ever
    assert (shipped("models") / "gpt" / "experiment.toml").is_file()
    assert "gpt" in [entry.name for entry in library.shown()]


def test_another_folder_is_opened_or_told_apart(qtbot, own, tmp_path, monkeypatch):
    library = opened(qtbot, own)
    elsewhere = model_in(tmp_path, "elsewhere")
    (tmp_path / "photos").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: str(tmp_path / "photos"))
    qtbot.mouseClick(library.other, Qt.MouseButton.LeftButton)
    assert "photos is no model" in library.status.text()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: str(elsewhere))
    with qtbot.waitSignal(library.chosen) as caught:
        qtbot.mouseClick(library.other, Qt.MouseButton.LeftButton)
    assert caught.args == [elsewhere]


def test_a_folder_with_marks_in_its_name_is_shown_as_it_is(qtbot, own):
    model_in(own, "*my* [model](x) _2_")
    library = opened(qtbot, own)
    assert library.reader.toPlainText().startswith("*my* [model](x) _2_")
