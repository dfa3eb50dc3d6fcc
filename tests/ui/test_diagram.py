import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication

from playground.spec import cost
from playground.spec.model import Attention, CrossAttention, Layer, Mlp, ModelSpec, Position, RelativePosition, Unembedding
from playground.style import theme
from playground.ui.diagram import thumbnails
from playground.ui.diagram.canvas import ZOOMS
from playground.ui.diagram.choice import Choice
from playground.ui.diagram.layout import layout, runs
from playground.ui.diagram.view import DiagramView
from playground.ui.diagram.wishes import Copy, Duplicate, Insert, Move, Paste, Remove, Switch
from playground.ui.diagram.words import compact, share
from playground.views.attention.frame import AttentionFrame
from playground.views.gauges.frame import GaugesFrame, Sizes

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT, CONTROL, ALT = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier,
                             Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier)  # fmt: skip


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
    made = layout(spread(), width, scale)
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
    box = made.box("model.decoder[0].attention")
    assert box is not None
    assert (box.aside, box.detail, box.thumbnails) == ("8/2 heads", "rot · causal", 4)
    assert layout(spec, slim=True).box("model.decoder[0].attention").aside == "8/2 h · rot"  # type: ignore[union-attr]
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


def spread(count: int = 8) -> ModelSpec:
    """Layers of which no two neighbours are equal."""
    layers = tuple(Layer(attention=Attention(heads=(2, 4)[index % 2])) for index in range(count))
    return ModelSpec(vocab=512, decoder=layers)


@pytest.fixture
def wishes(view):
    seen = []
    view.wished.connect(seen.append)
    return seen


@pytest.mark.parametrize("path", PATHS)
def test_a_click_chooses(view, qtbot, path):
    with qtbot.waitSignal(view.chosen) as signal:
        qtbot.mouseClick(view.canvas.viewport(), LEFT, pos=centre(view, path))
    assert signal.args == [Choice.one(path)] == [view.choice()]
    assert view.canvas.items_by_path[path].chosen


def test_a_click_beside_the_parts_of_a_layer_chooses_the_layer(view, qtbot):
    item = view.canvas.items_by_path["model.decoder[1]"]
    view.canvas.ensureVisible(item)
    at = view.canvas.mapFromScene(item.mapToScene(item.shape().boundingRect().topLeft()))
    qtbot.mouseClick(view.canvas.viewport(), LEFT, pos=at + QPoint(20, 10))
    assert view.choice().paths == ("model.decoder[1]",)


def test_choose_says_nothing_but_marks_the_layer_around(view, qtbot):
    with qtbot.assertNotEmitted(view.chosen):
        view.choose(Choice.one("model.decoder[1].mlp"))
    assert view.canvas.items_by_path["model.decoder[1]"].inside
    assert "layer 2" in view.canvas.accessibleDescription()


def test_arrow_keys_walk_through_all_parts(view, qtbot):
    view.choose(Choice.one("model.embedding"))
    view.canvas.setFocus()
    seen = ["model.embedding"]
    while seen[-1] != "model.unembedding":
        qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
        seen.append(view.choice().current)
    assert seen == [box.path for box in layout(model()).boxes]
    assert view.canvas.items_by_path["model.unembedding"].focused
    for key, path in ((Qt.Key.Key_Down, "model.unembedding"), (Qt.Key.Key_Up, "model.decoder[2].mlp"),
                      (Qt.Key.Key_Left, "model.decoder[2]"), (Qt.Key.Key_Right, "model.decoder[2].norm")):  # fmt: skip
        qtbot.keyClick(view.canvas, key)
        assert view.choice().current == path


def test_shift_and_control_choose_several_of_one_kind(view, qtbot):
    paths = [f"model.decoder[{index}].attention" for index in range(3)]
    click = lambda path, held: qtbot.mouseClick(view.canvas.viewport(), LEFT, held, centre(view, path))  # noqa: E731
    click(paths[0], Qt.KeyboardModifier.NoModifier)
    click(paths[2], SHIFT)
    assert view.choice().paths == tuple(paths)
    click(paths[1], CONTROL)
    assert view.choice().paths == (paths[0], paths[2])
    assert [view.canvas.items_by_path[path].chosen for path in paths] == [True, False, True]
    click("model.decoder[1].mlp", CONTROL)  # another kind begins anew
    assert view.choice().paths == ("model.decoder[1].mlp",)
    qtbot.keyClick(view.canvas, Qt.Key.Key_Down, SHIFT)
    assert view.choice().paths == ("model.decoder[1].mlp", "model.decoder[2].mlp")
    qtbot.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert view.choice().paths == ("model.decoder[2].mlp",)
    qtbot.keyClick(view.canvas, Qt.Key.Key_A, CONTROL)
    assert view.choice().places == (("decoder", 0), ("decoder", 1), ("decoder", 2))


def test_a_click_on_one_of_several_chooses_it_alone(view, qtbot):
    qtbot.keyClick(view.canvas, Qt.Key.Key_A, CONTROL)
    qtbot.mouseClick(view.canvas.viewport(), LEFT, pos=head(view, 1))
    assert view.choice().paths == ("model.decoder[1]",)


def head(view, index, stack="decoder"):
    """A point on the head of a layer's card, beside its parts."""
    item = view.canvas.items_by_path[f"model.{stack}[{index}]"]
    view.canvas.ensureVisible(item)
    return view.canvas.mapFromScene(item.mapToScene(QPointF(20, 10)))


def drag(qtbot, view, start, end, held=Qt.KeyboardModifier.NoModifier):
    """Press, move in some steps, and release with a modifier held."""
    target = view.canvas.viewport()
    qtbot.mousePress(target, LEFT, pos=start)
    for part in (0.3, 0.7, 1.0):
        at = start + (end - start) * part
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), target.mapToGlobal(QPointF(at)), Qt.MouseButton.NoButton, LEFT,
                            Qt.KeyboardModifier.NoModifier)  # fmt: skip
        QApplication.sendEvent(target, event)
    landed = view.canvas.landing()
    qtbot.mouseRelease(target, LEFT, held, end)
    return landed


def test_a_layer_is_carried_to_a_visible_place(view, qtbot, wishes):
    view.resize(290, 700)
    last = view.canvas.items_by_path["model.decoder[2]"]
    below = view.canvas.mapFromScene(last.sceneBoundingRect().bottomLeft() + QPointF(40, 4))
    landed = drag(qtbot, view, head(view, 0), below)
    assert (landed.stack, landed.index) == ("decoder", 3)
    assert wishes == [Move((("decoder", 0),), "decoder", 3)]
    assert view.canvas.landing() is None
    assert all(item.opacity() == 1.0 for item in view.canvas.items_by_path.values())
    wishes.clear()
    drag(qtbot, view, head(view, 0), below, CONTROL)
    assert wishes == [Move((("decoder", 0),), "decoder", 3, copy=True)]
    wishes.clear()
    drag(qtbot, view, head(view, 0), head(view, 0) + QPoint(0, 15))  # where it is already
    assert wishes == []


def test_several_are_carried_together_and_escape_lets_them_go(view, qtbot, wishes):
    view.resize(290, 700)
    view.choose(Choice(("model.decoder[0]", "model.decoder[1]"), "model.decoder[1]", "model.decoder[0]"))
    last = view.canvas.items_by_path["model.decoder[2]"]
    below = view.canvas.mapFromScene(last.sceneBoundingRect().bottomLeft() + QPointF(40, 4))
    drag(qtbot, view, head(view, 1), below)
    assert wishes == [Move((("decoder", 0), ("decoder", 1)), "decoder", 3)]
    target, at = view.canvas.viewport(), head(view, 0)
    qtbot.mousePress(target, LEFT, pos=at)
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(below), target.mapToGlobal(QPointF(below)), Qt.MouseButton.NoButton, LEFT,
                        Qt.KeyboardModifier.NoModifier)  # fmt: skip
    QApplication.sendEvent(target, event)
    assert view.canvas.landing() is not None
    qtbot.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert view.canvas.landing() is None
    qtbot.mouseRelease(target, LEFT, pos=below)
    assert len(wishes) == 1


def test_a_band_chooses_the_layers_that_it_touches(view, qtbot):
    view.resize(290, 700)
    first, second = (view.canvas.items_by_path[f"model.decoder[{index}]"] for index in (0, 1))
    start = view.canvas.mapFromScene(QPointF(2, first.sceneBoundingRect().top() + 12))
    end = view.canvas.mapFromScene(second.sceneBoundingRect().center())
    drag(qtbot, view, start, end)
    assert view.choice().places == (("decoder", 0), ("decoder", 1))


def test_eight_layers_scroll_to_what_is_chosen(view):
    view.set_model(spread())
    bar = view.canvas.verticalScrollBar()
    assert bar.maximum() > 0
    view.choose(Choice.one("model.unembedding"))
    assert bar.value() == bar.maximum()
    view.choose(Choice.one("model.embedding"))
    assert bar.value() == 0


def test_equal_neighbours_fold_are_chosen_together_and_unfold(view, qtbot):
    view.set_model(model(12))
    assert [path for path in view.canvas.items_by_path if path.endswith("]")] == ["model.decoder[0]"]
    card = view.canvas.items_by_path["model.decoder[0]"].box
    assert card.title == "Layers 1–12"
    assert card.aside == "× 12"
    qtbot.mouseClick(view.canvas.viewport(), LEFT, pos=centre(view, "model.decoder[0].mlp"))
    assert view.choice().paths == tuple(f"model.decoder[{index}].mlp" for index in range(12))
    view.choose(Choice.one("model.decoder[7].attention"))  # folded away: its card is marked
    assert view.canvas.items_by_path["model.decoder[0].attention"].chosen
    qtbot.mouseDClick(view.canvas.viewport(), LEFT, pos=head(view, 0))
    assert len([path for path in view.canvas.items_by_path if path.endswith("]")]) == 12
    view.run("fold")
    assert "model.decoder[1]" not in view.canvas.items_by_path
    qtbot.mouseDClick(view.canvas.viewport(), LEFT, pos=centre(view, "model.decoder[0].mlp"))  # a part of a folded card
    assert "model.decoder[1]" in view.canvas.items_by_path
    for there in (False, True):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Space)
        assert ("model.decoder[1]" in view.canvas.items_by_path) is there
    texts = {action.text(): action.isEnabled() for action in view.menu("model.decoder[3]").actions()}
    assert texts["Fold equal layers (Space)"]
    assert not texts["Unfold (Space)"]


def test_layers_that_were_unfolded_stay_so_when_one_of_them_changes(view):
    view.set_model(model(12))
    view.canvas.fold(view.canvas.folded("model.decoder[4]"), False)
    layers = list(model(12).decoder)
    layers[5] = Layer(mlp=None)
    view.set_model(model(12).model_copy(update={"decoder": tuple(layers)}))
    assert "model.decoder[8]" in view.canvas.items_by_path


def test_runs_are_equal_neighbours_of_tall_stacks():
    layers = (Layer(),) * 5 + (Layer(mlp=None),) + (Layer(),) * 2
    assert runs(layers, "decoder") == [range(5), range(5, 6), range(6, 7), range(7, 8)]
    assert runs(layers[:6], "decoder") == [range(index, index + 1) for index in range(6)]
    assert len(runs(layers, "decoder", frozenset({"model.decoder[0]"}))) == 8


def test_the_view_of_the_whole_gives_each_layer_a_line(view, qtbot):
    view.set_model(spread(32))
    tall = view.canvas.sceneRect().height()
    view.canvas.setFocus()
    qtbot.keyClick(view.canvas, Qt.Key.Key_Minus)
    assert view.canvas.sceneRect().height() < tall / 2
    assert all(box.slim for box in view.canvas.shown.boxes if box.kind == "layer")
    for _ in range(2):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Plus)
    assert view.canvas.transform().m11() == ZOOMS[2][1]


@pytest.mark.parametrize("width", [300.0, 440.0])
@pytest.mark.parametrize("slim", [False, True])
def test_encoder_and_decoder_stand_side_by_side(width, slim):
    crossed = Layer(cross=CrossAttention())
    spec = ModelSpec(encoder=(Layer(attention=Attention(mask="bidirectional")),) * 3, decoder=(crossed,) * 2)
    made = layout(spec, width, slim=slim)
    cards = {stack: [box for box in made.boxes if box.kind == "layer" and f".{stack}[" in box.path] for stack in spec.stacks}
    assert max(box.x + box.w for box in cards["encoder"]) < min(box.x for box in cards["decoder"])
    assert cards["encoder"][0].y == cards["decoder"][0].y
    assert [spine.stack for spine in made.spines] == ["encoder", "decoder"]
    ends = sorted(corners[-1][1] for corners in made.crossings)
    assert ends == sorted(box.middle for box in made.boxes if box.kind == "cross_attention")
    assert len({corners[0] for corners in made.crossings}) == 1  # all of them leave from the encoder's end
    assert all(0 <= box.x and box.x + box.w <= width for box in made.boxes)


def test_norms_stand_where_they_compute():
    def edges(place):
        box = layout(ModelSpec(decoder=(Layer(norm={"place": place}),))).box("model.decoder[0].mlp")
        return box.norms

    assert [edges(place) for place in ("pre", "sandwich", "output", "post")] == [
        ("before",),
        ("before", "after"),
        ("after",),
        (),
    ]
    after = layout(ModelSpec(decoder=(Layer(norm={"place": "post"}),)))
    assert len(after.spines[0].norms) == 2  # on the stream itself, after each sum
    assert not layout(ModelSpec()).spines[0].norms


def test_parallel_branches_stand_side_by_side():
    made = layout(ModelSpec(decoder=(Layer(order="parallel"),)))
    attention, mlp = (made.box(f"model.decoder[0].{name}") for name in ("attention", "mlp"))
    assert attention.y == mlp.y
    assert attention.x + attention.w < mlp.x


def test_shares_add_up():
    spec = model(3)
    made = layout(spec)
    assert sum(box.share for box in made.boxes if not box.parent) == pytest.approx(1.0)


def test_buttons_and_keys_say_what_is_wished_of_which_layers(view, qtbot, wishes):
    view.choose(Choice.one("model.embedding"))
    assert not view.duplicate.isEnabled()
    assert not view.remove.isEnabled()
    qtbot.mouseClick(view.palette_row.chips["mlp"], LEFT)
    assert wishes.pop() == Insert("mlp", "decoder", 3)  # nothing chosen: at the end
    view.choose(Choice.one("model.decoder[1].attention"))
    place = (("decoder", 1),)
    for button, wish in ((view.palette_row.chips["layer"], Insert("layer", "decoder", 2)), (view.duplicate, Duplicate(place)),
                         (view.remove, Remove(place))):  # fmt: skip
        qtbot.mouseClick(button, LEFT)
        assert wishes.pop() == wish
    for key, held, wish in (
        (Qt.Key.Key_Delete, NONE, Remove(place)), (Qt.Key.Key_D, CONTROL, Duplicate(place)), (Qt.Key.Key_C, CONTROL, Copy(place)),
        (Qt.Key.Key_X, CONTROL, Copy(place, cut=True)), (Qt.Key.Key_V, CONTROL, Paste("decoder", 2)),
        (Qt.Key.Key_Insert, NONE, Insert("layer", "decoder", 2)), (Qt.Key.Key_Up, ALT, Move(place, "decoder", 0)),
        (Qt.Key.Key_Down, ALT, Move(place, "decoder", 3)),
    ):  # fmt: skip
        qtbot.keyClick(view.canvas, key, held)
        assert wishes.pop() == wish
    view.choose(Choice.one("model.decoder[2]"))
    qtbot.keyClick(view.canvas, Qt.Key.Key_Down, ALT)  # it is the last already
    assert wishes == []


def test_a_card_of_the_palette_is_dragged_between_two_layers(view, qtbot, wishes):
    view.resize(290, 700)
    chip, canvas = view.palette_row.chips["experts"], view.canvas
    target = canvas.viewport().mapToGlobal(head(view, 1) - QPoint(0, 14))
    qtbot.mousePress(chip, LEFT)
    for at in (chip.mapToGlobal(QPoint(5, -30)), target):
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(chip.mapFromGlobal(at)), QPointF(at), Qt.MouseButton.NoButton, LEFT,
                            NONE)  # fmt: skip
        QApplication.sendEvent(chip, event)
    assert (canvas.landing().stack, canvas.landing().index) == ("decoder", 1)
    qtbot.mouseRelease(chip, LEFT, NONE, chip.mapFromGlobal(target))
    assert wishes == [Insert("experts", "decoder", 1)]
    assert canvas.landing() is None


def test_escape_lets_go_of_a_card_of_the_palette(view, qtbot, wishes):
    view.resize(290, 700)
    chip, canvas = view.palette_row.chips["mlp"], view.canvas
    target = canvas.viewport().mapToGlobal(head(view, 1) - QPoint(0, 14))
    qtbot.mousePress(chip, LEFT)
    QApplication.sendEvent(chip, QMouseEvent(QEvent.Type.MouseMove, QPointF(chip.mapFromGlobal(target)), QPointF(target),
                                             Qt.MouseButton.NoButton, LEFT, NONE))  # fmt: skip
    assert canvas.landing() is not None
    qtbot.keyClick(chip, Qt.Key.Key_Escape)
    assert canvas.landing() is None
    qtbot.mouseRelease(chip, LEFT, NONE, chip.mapFromGlobal(target))
    assert wishes == []


def test_cross_attention_needs_an_encoder(view):
    assert not view.palette_row.chips["cross"].isEnabled()
    assert "encoder" in view.palette_row.chips["cross"].toolTip()


def test_another_architecture_is_one_click(view, qtbot, wishes):
    qtbot.mouseClick(view.architecture.buttons()[2], LEFT)
    assert wishes == [Switch("encoder-decoder")]
    assert view.architecture.value() == "decoder-only"  # until it is so


def test_the_context_menu_does_what_it_says(view, qtbot, wishes):
    view.choose(Choice.one("model.decoder[1]"))
    menu = view.menu("model.decoder[1]")
    next(action for action in menu.actions() if "Duplicate" in action.text()).trigger()
    assert wishes == [Duplicate((("decoder", 1),))]


def test_the_outline_has_the_same_parts_and_chooses_them(view, qtbot):
    view.choose(Choice.one("model.decoder[1].mlp"))
    qtbot.mouseClick(view.list_button, LEFT)
    lines = view.outline.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    assert {line.data(0, Qt.ItemDataRole.UserRole) for line in lines} == {box.path for box in layout(model()).boxes}
    assert [line.text(0) for line in view.outline.selectedItems()] == ["MLP: GELU 512"]
    view.outline.setFocus()
    with qtbot.waitSignal(view.chosen):
        qtbot.keyClick(view.outline, Qt.Key.Key_Down)
    assert view.choice().current == "model.decoder[2]"
    assert view.canvas.items_by_path["model.decoder[2]"].chosen


def test_the_outline_edits_as_the_picture_does(view, qtbot, wishes):
    view.choose(Choice.one("model.decoder[1]"))
    qtbot.mouseClick(view.list_button, LEFT)
    place = (("decoder", 1),)
    for key, held, wish in (
        (Qt.Key.Key_Delete, NONE, Remove(place)), (Qt.Key.Key_D, CONTROL, Duplicate(place)), (Qt.Key.Key_C, CONTROL, Copy(place)),
        (Qt.Key.Key_V, CONTROL, Paste("decoder", 2)), (Qt.Key.Key_Insert, NONE, Insert("layer", "decoder", 2)),
        (Qt.Key.Key_Up, ALT, Move(place, "decoder", 0)),
    ):  # fmt: skip
        qtbot.keyClick(view.outline, key, held)
        assert wishes.pop() == wish
    with qtbot.waitSignal(view.opened):
        qtbot.keyClick(view.outline, Qt.Key.Key_Return)
    line = view.outline.findItems("Layer 3", Qt.MatchFlag.MatchContains)[0]
    at = view.outline.visualItemRect(line).center()
    ask = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, view.outline.viewport().mapToGlobal(at))
    with qtbot.waitSignal(view.menu_opened) as asked:
        QApplication.sendEvent(view.outline.viewport(), ask)
    path, menu = asked.args
    assert path == "model.decoder[2]"
    menu.hide()


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
    assert view.outline.accessibleName()
    assert all(button.accessibleName() for button in view.findChildren(QAbstractButton))


# -- gauges, pluses, and what is foretold ----------------------------------------------------------------------------


def test_gauges_show_how_large_a_part_is_at_work(view):
    item = view.canvas.items_by_path["model.decoder[1].mlp"]
    assert not item.gauge.isVisible()
    small, large = Sizes(0.01, 1e-6), Sizes(10.0, 1e-2)
    view.draw_gauges(GaugesFrame(3, {"model.decoder[1].mlp": small}))
    assert item.gauge.isVisible()
    low = item.gauge.levels
    view.draw_gauges(GaugesFrame(4, {"model.decoder[1].mlp": large}))
    assert all(after > before for before, after in zip(low, item.gauge.levels, strict=True))
    assert "output 10" in item.toolTip()
    assert "1.0e-02" in item.toolTip()
    bar = item.mapToScene(item.gauge.pos() + QPointF(2, item.gauge.boundingRect().height() - 2))
    at = view.canvas.mapFromScene(bar)
    view.canvas.ensureVisible(item)
    picture = view.canvas.viewport().grab().toImage()
    at = view.canvas.mapFromScene(bar)
    assert picture.pixelColor(at) == theme.colour("mlp")
    view.draw_gauges(GaugesFrame(5, {}))
    assert not item.gauge.isVisible()


@pytest.mark.parametrize("index", [0, 2, 3])
def test_a_plus_on_the_stream_puts_a_layer_there(view, qtbot, wishes, index):
    view.resize(290, 800)
    slot = next(slot for slot in view.canvas.shown.slots if slot.index == index)
    spine = view.canvas.shown.spines[0].x
    at = view.canvas.mapFromScene(QPointF(spine, slot.y))
    assert view.canvas.plus_at(at) == slot
    before = view.choice()
    qtbot.mouseClick(view.canvas.viewport(), LEFT, pos=at)
    assert wishes == [Insert("layer", "decoder", index)]
    assert view.choice() == before
    wishes.clear()
    qtbot.mousePress(view.canvas.viewport(), LEFT, pos=at)  # thought better of it
    qtbot.mouseRelease(view.canvas.viewport(), LEFT, pos=at + QPoint(60, 0))
    assert wishes == []


def test_what_a_wish_would_keep_is_said_before_it_is_done(view, monkeypatch):
    asked, shown = [], []
    view.foretell(lambda wish: asked.append(wish) or "92 % would be kept.")
    monkeypatch.setattr("playground.ui.foretelling.QToolTip.showText", lambda at, text, widget: shown.append(text))
    for widget in (view.architecture.buttons()[0], view.palette_row.chips["mlp"], view.remove):
        view.choose(Choice.one("model.decoder[1]"))
        QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, QPoint(2, 2), widget.mapToGlobal(QPoint(2, 2))))
    assert asked == [Switch("encoder-only"), Insert("mlp", "decoder", 2), Remove((("decoder", 1),))]
    assert all(text.endswith("92 % would be kept.") for text in shown)
    assert len(shown) == 3
