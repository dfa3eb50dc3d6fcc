"""The dialogs that pass an experiment on and take one: the code is the string's, and every answer is a sentence."""

import pytest
import segno
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QLabel

from playground.places import shipped
from playground.spec import edit, toml
from playground.spec.share import from_string, to_string
from playground.style import theme
from playground.style.tokens import THEMES
from playground.ui import qr
from playground.ui.share_dialog import AS_SHIPPED, PasteDialog, ShareDialog

LEFT = Qt.MouseButton.LeftButton
PRESETS = {path.parent.name: toml.load(path) for path in shipped("models").glob("*/experiment.toml")}
GPT = PRESETS["gpt"]
HEADS_8 = edit.replaced(GPT, "model.decoder[1].attention.heads", 8)


def deep():
    """So many different layers that no code can hold them."""
    layer = edit._plain(GPT.model.decoder[0])
    layers = [layer | {"mlp": {"d_mlp": i * 7919 % 60000 + 1}, "branch_scale": (i * 389 % 977 + 1) / 100} for i in range(150)]
    return edit.replaced(GPT, "model.decoder", layers)


def labels(dialog):
    return [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]


@pytest.fixture
def shared(qtbot):
    def open_(experiment, base="gpt", size=(952, 584)):
        made = ShareDialog(experiment, base, PRESETS[base])
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # qtbot closes it
        qtbot.addWidget(made)
        made.resize(*size)
        with qtbot.waitExposed(made):
            made.show()
        return made

    return open_


@pytest.fixture
def paste(qtbot):
    made = PasteDialog(PRESETS.__getitem__)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # qtbot closes it
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.mark.parametrize("name", sorted(THEMES))
@pytest.mark.parametrize("size", [(952, 584), (1280, 680), (640, 400)])
def test_what_is_drawn_is_what_segno_makes(shared, qapp, name, size):
    theme.apply(qapp, name)
    dialog = shared(HEADS_8, size=size)
    text = dialog.text.toPlainText()
    expected = segno.make_qr(text, error="m").matrix
    area, module = dialog.code.area()
    assert module == int(module)
    assert module >= 4
    image = dialog.code.grab().toImage()
    quiet, black, white = qr.QUIET, QColor("#000000"), QColor("#ffffff")
    assert quiet == 4
    count = len(expected)
    for row in range(-quiet, count + quiet):
        for column in range(-quiet, count + quiet):
            inside = 0 <= row < count and 0 <= column < count
            dark = inside and bool(expected[row][column])
            x, y = area.x() + (column + quiet) * module, area.y() + (row + quiet) * module
            for corner in (0, module - 1):  # to the last pixel of each module
                assert image.pixelColor(int(x + corner), int(y + corner)) == (black if dark else white)


def test_the_string_is_the_experiment_and_copying_copies_it(shared, qtbot):
    QGuiApplication.clipboard().clear()
    dialog = shared(HEADS_8)
    assert dialog.text.isReadOnly()
    assert "heads 4 → 8 in layer 2" in labels(dialog)
    assert "GPT" in labels(dialog)
    qtbot.mouseClick(dialog.copy_button, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert copied == dialog.text.toPlainText() == to_string(HEADS_8, "gpt", GPT)
    assert from_string(copied, PRESETS.__getitem__)[1] == HEADS_8
    assert dialog.copy_button.text() == "Copied"
    qtbot.waitUntil(lambda: dialog.copy_button.text() == "Copy", timeout=4000)


def test_the_string_can_be_selected(shared, qtbot):
    dialog = shared(HEADS_8)
    dialog.text.setFocus()
    qtbot.keyClick(dialog.text, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert dialog.text.textCursor().selectedText() == dialog.text.toPlainText()


def test_a_preset_itself_can_be_shared(shared):
    assert AS_SHIPPED in labels(shared(GPT))


def test_the_code_grows_with_the_dialog(shared, qtbot):
    dialog = shared(HEADS_8)
    before = dialog.code.area()[0].width()
    dialog.resize(1600, 1000)
    qtbot.waitUntil(lambda: dialog.code.area()[0].width() > 1.5 * before)


def test_a_string_too_long_for_a_code_can_still_be_copied(shared, qtbot):
    dialog = shared(deep())
    text = dialog.text.toPlainText()
    assert len(text) > qr.LONGEST
    assert not dialog.code.isVisible()
    assert any("too much for a QR code" in said for said in labels(dialog))
    qtbot.mouseClick(dialog.copy_button, LEFT)
    assert QGuiApplication.clipboard().text() == text


def test_what_cannot_be_shared_is_said(qtbot):
    dialog = ShareDialog(GPT, "/home/anna/my model", GPT)
    qtbot.addWidget(dialog)
    dialog.show()
    assert any("cannot be shared" in said for said in labels(dialog))
    assert not dialog.copy_button.isEnabled()
    assert not dialog.code.isVisible()


def test_a_text_of_ones_own_is_said_to_stay(shared):
    dialog = shared(edit.replaced(GPT, "task.text", "/home/anna/diary.txt"))
    assert any("stays with you" in said for said in labels(dialog))
    assert not any("diary" in said for said in [*labels(dialog), dialog.text.toPlainText()])


def test_closing_closes(shared, qtbot):
    dialog = shared(GPT)
    with qtbot.waitSignal(dialog.rejected):
        qtbot.mouseClick(dialog.close_button, LEFT)


def test_a_pasted_string_says_at_once_what_it_describes(paste, qtbot):
    assert not paste.open_button.isEnabled()
    QGuiApplication.clipboard().setText(f"  {to_string(HEADS_8, 'gpt', GPT)}\n")
    qtbot.keyClick(paste.field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert {"GPT", "heads 4 → 8 in layer 2"} <= set(labels(paste))
    with qtbot.waitSignal(paste.chosen) as chosen:
        qtbot.mouseClick(paste.open_button, LEFT)
    assert chosen.args == ["gpt", HEADS_8]


def test_enter_opens_and_a_preset_says_that_it_is_one(paste, qtbot):
    qtbot.keyClicks(paste.field, to_string(PRESETS["llama"], "llama", PRESETS["llama"]))
    assert {"Llama", AS_SHIPPED} <= set(labels(paste))
    with qtbot.waitSignal(paste.chosen) as chosen:
        qtbot.keyClick(paste.field, Qt.Key.Key_Return)
    assert chosen.args == ["llama", PRESETS["llama"]]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[:-3], "not whole"),
        (lambda text: text.replace("tp1", "tp9"), "version 9"),
        (lambda text: "hello", "no experiment"),
    ],
)
def test_what_cannot_be_used_is_said_at_once_and_mended_at_once(paste, qtbot, spoil, says):
    text = to_string(HEADS_8, "gpt", GPT)
    qtbot.keyClicks(paste.field, spoil(text))
    assert any(says in said for said in labels(paste))
    assert paste.verdict.property("role") == "notice"
    assert not paste.open_button.isEnabled()
    with qtbot.assertNotEmitted(paste.chosen):
        qtbot.keyClick(paste.field, Qt.Key.Key_Return)
    assert paste.isVisible()
    paste.field.selectAll()
    qtbot.keyClicks(paste.field, text)
    assert paste.verdict.property("role") == "card"
    assert paste.open_button.isEnabled()


def test_cancelling_chooses_nothing(paste, qtbot):
    qtbot.keyClicks(paste.field, to_string(HEADS_8, "gpt", GPT))
    with qtbot.assertNotEmitted(paste.chosen), qtbot.waitSignal(paste.rejected):
        qtbot.mouseClick(paste.cancel_button, LEFT)


def test_no_code_is_made_of_too_long_a_text():
    with pytest.raises(ValueError, match="too many"):
        qr.matrix("x" * 2001)
    assert len(qr.matrix("x" * 2000)) < 177


@pytest.mark.parametrize("scale", [1.0, 1.6])
def test_what_is_wrong_is_not_cut_off_in_large_type(qtbot, qapp, scale):
    theme.apply(qapp, "dark", scale)
    dialog = PasteDialog(PRESETS.__getitem__)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # qtbot closes it
    qtbot.addWidget(dialog)
    dialog.field.setText(to_string(HEADS_8, "gpt", GPT)[:-1])
    with qtbot.waitExposed(dialog):
        dialog.show()
    label = dialog.verdict.label
    assert label.height() >= label.heightForWidth(label.width())
    assert dialog.verdict.geometry().bottom() < dialog.open_button.geometry().top()
