import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication

from playground.spec import cost
from playground.spec.model import Attention, Layer, Mlp, ModelSpec, Position, RelativePosition, Unembedding
from playground.style import theme
from playground.ui.diagram import thumbnails
from playground.ui.diagram.layout import compact, layout, share
from playground.ui.diagram.view import DiagramView
from playground.views.attention.frame import AttentionFrame

LEFT = Qt.MouseButton.LeftButton


def model(layers: int = 3, **changes) -> ModelSpec:
    return ModelSpec(vocab=512, decoder=(Layer(),) * layers, **changes)


def frame(layers: int = 3, heads: int = 4, tokens: int = 9, step: int = 1) -> AttentionFrame:
    pattern = np.tril(np.ones((heads, tokens, tokens), dtype=np.float32))
    pattern /= pattern.sum(-1, keepdims=True)
    names = tuple(f"decoder.{i}" for i in range(layers))
    return AttentionFrame(step=step, tokens=("a",) * tokens, names=names, patterns=(pattern,) * layers, causal=(True,) * layers)


# -- layout, without Qt ----------------------------------------------------------------------------------------------


def test_the_layout_names_every_part_in_order():
    paths = [box.path for box in layout(model(2)).boxes]
    inner = ["", ".norm", ".attention", ".mlp"]
    layers = [f"model.decoder[{i}]{part}" for i in range(2) for part in inner]
    assert paths == ["model.embedding", *layers, "model.unembedding"]


@pytest.mark.parametrize("scale", [1.0, 1.6])
@pytest.mark.parametrize("width", [200.0, 280.0])
def test_cards_do_not_overlap_and_parts_lie_on_their_card(width, scale):
    made = layout(model(8), width, scale)
    cards = [box for box in made.boxes if not box.parent]
    for above, below in zip(cards, cards[1:], strict=False):
        assert above.y + above.h < below.y
    for box in made.boxes:
        assert box.x >= 0
        assert box.x + box.w <= made.width
        assert box.y + box.h <= made.height
        if box.parent:
            card = made.box(box.parent)
            assert card is not None
            assert card.x <= box.x
            assert box.x + box.w <= card.x + card.w
            assert card.y <= box.y
            assert box.y + box.h <= card.y + card.h
    for card in cards:
        parts = sorted((box for box in made.boxes if box.parent == card.path), key=lambda box: box.y)
        for above, below in zip(parts, parts[1:], strict=False):
            assert above.y + above.h <= below.y


def test_an_absent_part_has_no_box():
    made = layout(ModelSpec(decoder=(Layer(mlp=None), Layer(attention=None))))
    assert made.box("model.decoder[0].mlp") is None
    assert made.box("model.decoder[1].attention") is None
    assert made.box("model.decoder[0]").h > 0  # type: ignore[union-attr]


def test_words_on_the_cards():
    attention = Attention(heads=8, kv_heads=2, position=RelativePosition(kind="rotary"))
    spec = model(1, unembedding=Unembedding(tied=False), embedding={"position": Position(kind="none")}).model_copy(
        update={"decoder": (Layer(attention=attention, mlp=Mlp(d_mlp=384, activation="silu", gated=True)),)}
    )
    made = layout(spec)
    assert made.box("model.decoder[0].attention").aside == "8/2 h · rot"  # type: ignore[union-attr]
    mlp = made.box("model.decoder[0].mlp")
    assert mlp is not None
    assert mlp.detail == "SwiGLU 384"
    assert mlp.aside == share(cost.part_parameters(spec)["model.decoder[0].mlp"], cost.parameters(spec))
    assert "tied" not in made.box("model.embedding").detail  # type: ignore[union-attr]


@pytest.mark.parametrize(("count", "says"), [(812, "812"), (812_345, "812 K"), (1_300_000, "1.3 M"), (7_000_000_000, "7.0 B")])
def test_counts_as_people_say_them(count, says):
    assert compact(count) == says


@pytest.mark.parametrize(("part", "says"), [(0, "0 %"), (1, "< 0.1 %"), (42, "0.4 %"), (1800, "18 %"), (10_000, "100 %")])
def test_shares_as_people_say_them(part, says):
    assert share(part, 10_000) == says


# -- thumbnails ------------------------------------------------------------------------------------------------------


def test_pooling_keeps_a_line_whole():
    line = np.eye(61, k=-9, dtype=np.float32)
    small = thumbnails.pooled(line)
    assert small.shape == (thumbnails.CELLS, thumbnails.CELLS)
    assert (small.max(axis=1)[3:] == 1).all()


def test_a_strip_shows_at_most_four_heads_with_clear_gaps():
    made = thumbnails.strip(np.ones((7, 5, 5), dtype=np.float32), causal=True)
    assert made.shape == (5, 4 * 5 + 3 * thumbnails.BETWEEN, 4)
    assert (made[:, 5 : 5 + thumbnails.BETWEEN] == 0).all()
    assert tuple(made[4, 0]) != tuple(made[0, 4])  # seen against hidden by the mask


# -- the column ------------------------------------------------------------------------------------------------------


@pytest.fixture
def view(qtbot):
    made = DiagramView()
    made.resize(290, 560)
    qtbot.addWidget(made)
    made.set_model(model())
    made.show()
    qtbot.waitExposed(made)
    return made


def centre(view, path):
    item = view.canvas.items_by_path[path]
    view.canvas.ensureVisible(item)
    return view.canvas.mapFromScene(item.mapToScene(item.shape().boundingRect().center()))


PATHS = ["model.embedding", "model.decoder[1].attention", "model.decoder[2].mlp", "model.decoder[0].norm", "model.unembedding"]


@pytest.mark.parametrize("path", PATHS)
def test_a_click_selects(view, qtbot, path):
    with qtbot.waitSignal(view.selected) as signal:
        qtbot.mouseClick(view.canvas.viewport(), LEFT, pos=centre(view, path))
    assert signal.args == [path]
    assert view.selection() == path
    assert view.canvas.items_by_path[path].chosen


def test_a_click_beside_the_parts_of_a_layer_selects_the_layer(view, qtbot):
    item = view.canvas.items_by_path["model.decoder[1]"]
    view.canvas.ensureVisible(item)
    at = view.canvas.mapFromScene(item.mapToScene(item.shape().boundingRect().topLeft()))
    at.setX(at.x() + 20)
    at.setY(at.y() + 10)
    qtbot.mouseClick(view.canvas.viewport(), LEFT, pos=at)
    assert view.selection() == "model.decoder[1]"


def test_select_says_nothing_but_marks_the_layer_around(view, qtbot):
    with qtbot.assertNotEmitted(view.selected):
        view.select("model.decoder[1].mlp")
    assert view.canvas.items_by_path["model.decoder[1]"].inside
    assert "layer 2" in view.canvas.accessibleDescription()


def test_arrow_keys_walk_through_all_parts(view, qtbot):
    view.select("model.embedding")
    view.canvas.setFocus()
    seen = ["model.embedding"]
    while seen[-1] != "model.unembedding":
        qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
        seen.append(view.selection())
    assert seen == [box.path for box in layout(model()).boxes]
    assert view.canvas.items_by_path["model.unembedding"].focused
    qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
    assert view.selection() == "model.unembedding"
    qtbot.keyClick(view.canvas, Qt.Key.Key_Up)
    assert view.selection() == "model.decoder[2].mlp"
    qtbot.keyClick(view.canvas, Qt.Key.Key_Left)
    assert view.selection() == "model.decoder[2]"
    qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.selection() == "model.decoder[2].norm"


def test_eight_layers_scroll_to_what_is_chosen(view):
    view.set_model(model(8))
    bar = view.canvas.verticalScrollBar()
    assert bar.maximum() > 0
    view.select("model.unembedding")
    assert bar.value() == bar.maximum()
    view.select("model.embedding")
    assert bar.value() == 0


def test_buttons_say_what_is_wanted_of_which_layer(view, qtbot):
    view.select("model.embedding")
    assert not view.duplicate.isEnabled()
    assert not view.remove.isEnabled()
    with qtbot.waitSignal(view.layer_added) as signal:
        qtbot.mouseClick(view.add, LEFT)
    assert signal.args == ["model.decoder[2]"]  # nothing chosen: behind the last
    view.select("model.decoder[1].attention")
    for button, announced in (
        (view.add, view.layer_added),
        (view.duplicate, view.layer_duplicated),
        (view.remove, view.layer_removed),
    ):
        with qtbot.waitSignal(announced) as signal:
            qtbot.mouseClick(button, LEFT)
        assert signal.args == ["model.decoder[1]"]


def test_the_last_layer_stays(view, qtbot):
    view.set_model(model(1))
    view.select("model.decoder[0]")
    assert not view.remove.isEnabled()
    with qtbot.assertNotEmitted(view.layer_removed):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Delete)


def test_delete_and_control_d_work_on_the_chosen_layer(view, qtbot):
    view.select("model.decoder[2].mlp")
    with qtbot.waitSignal(view.layer_removed) as removed:
        qtbot.keyClick(view.canvas, Qt.Key.Key_Delete)
    with qtbot.waitSignal(view.layer_duplicated) as duplicated:
        qtbot.keyClick(view.canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert removed.args == duplicated.args == ["model.decoder[2]"]


def test_the_context_menu_names_the_action_and_does_it(view, qtbot):
    view.select("model.decoder[1]")
    menu = view.menu("model.decoder[1]")
    with qtbot.waitSignals([view.context_action, view.layer_duplicated]):
        next(action for action in menu.actions() if "Duplicate" in action.text()).trigger()


def test_frames_become_one_image_a_layer_and_only_once(view, monkeypatch):
    made = []
    real = thumbnails.image
    monkeypatch.setattr(thumbnails, "image", lambda *args: made.append(1) or real(*args))
    first = frame()
    view.draw_attention(first)
    view.draw_attention(first)
    assert len(made) == 3
    item = view.canvas.items_by_path["model.decoder[0].attention"]
    assert item.image is not None
    before = view.grab().toImage()
    view.draw_attention(frame(tokens=4, step=2))
    assert view.grab().toImage() != before


def test_pictures_of_a_changed_attention_part_go_and_the_others_stay(view):
    view.draw_attention(frame())
    layers = (Layer(), Layer(attention=Attention(heads=8)), Layer())
    view.set_model(ModelSpec(vocab=512, decoder=layers))
    pictures = [view.canvas.items_by_path[f"model.decoder[{i}].attention"].image for i in range(3)]
    assert [picture is not None for picture in pictures] == [True, False, True]


def test_the_heading_counts_parameters(view):
    assert view.size_label.text() == f"{compact(cost.parameters(model()))} parameters"


@pytest.mark.parametrize("name", ["light", "contrast"])
def test_retheme_repaints_everything(view, name):
    view.draw_attention(frame())
    before = view.grab().toImage()
    theme.apply(QApplication.instance(), name, 1.4)  # type: ignore[arg-type]
    view.retheme()
    assert view.grab().toImage() != before
    assert view.canvas.items_by_path["model.decoder[0].attention"].image is not None
    assert view.canvas.items_by_path["model.embedding"].box.h == round(48 * 1.4)


def test_every_control_has_a_name(view):
    assert view.canvas.accessibleName()
    assert all(button.accessibleName() for button in view.findChildren(QAbstractButton))
