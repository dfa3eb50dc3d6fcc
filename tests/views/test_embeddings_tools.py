"""The tools of the embeddings panel, by real presses, drags and clicks: space, lasso, lists, axis, trails, colours, t-SNE."""

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage

from playground.style import theme
from playground.views.embeddings.frame import EmbeddingFrame, EmbeddingLook, Neighbours, Progress
from playground.views.embeddings.panel import PANEL
from playground.views.embeddings.panel_colours import scale
from playground.views.embeddings.panel_stamps import BORDER, Marks, draw
from playground.views.embeddings.panel_trails import LENGTH, Trails
from playground.views.embeddings.panel_turn import Turn
from playground.views.lit import Lit

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
TOKENS = ("the", " cat", "Dog", "7", "\n", "…", "mat")
PLANE = np.array([[0, 0], [2, 0], [0, 2], [-2, 0], [0, -2], [2, 2], [-2, -2]], dtype=np.float32)
SPACE = np.array([[0, 0, 0], [2, 0, 1], [0, 2, -1], [-2, 0, 1], [0, -2, 2], [2, 2, -2], [-2, -2, -2]], dtype=np.float32)
KINDS_OF = np.array([0, 0, 1, 2, 3, 5, 0], dtype=np.uint8)
IDS = np.array([10, 11, 12, 13, 14, 15, 16])


def frame(step=3, points=PLANE, **other):
    nowhere, nothing = np.full(7, -1), np.zeros(7, np.uint8)
    explained = other.pop("explained", (0.4, 0.2, 0.1)[: points.shape[1]])
    return EmbeddingFrame(
        step, points, TOKENS, KINDS_OF, np.arange(7, 0, -1), explained, 20, IDS, IDS, nowhere, nothing, **{"width": 8, **other}
    )


def text(step=3, **other):
    """The seven as tokens of a text."""
    places = np.arange(7)
    return EmbeddingFrame(
        step, PLANE, TOKENS, KINDS_OF, np.arange(7, 0, -1), (0.4, 0.2), 7, places, IDS, places, np.zeros(7, np.uint8),
        space="context", width=8, taps=("embed", "decoder.0.q", "decoder.0.resid_post", "decoder.1.q", "decoder.1.resid_post", "final"),
        **{"tap": "decoder.1.resid_post", **other},
    )  # fmt: skip


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, "dark")
    made = PANEL()
    qtbot.addWidget(made)
    made.resize(900, 560)
    made.show()
    made.draw(frame())
    made.grab()
    return made


def at(panel, index):
    panel.cloud.grab()
    return QPoint(*map(round, panel.cloud.places[index].tolist()))


def press(panel, qtbot, segments, value):
    qtbot.mouseClick(segments._buttons[value], LEFT)


def drag(qtbot, widget, start, *path, button=LEFT, modifier=Qt.KeyboardModifier.NoModifier):
    """Press, move with the button held, release; QTest cannot hold a button while it moves, the widget only sees the press."""
    qtbot.mousePress(widget, button, modifier, start)
    for spot in path:
        qtbot.mouseMove(widget, spot)
    qtbot.mouseRelease(widget, button, modifier, path[-1])


def test_the_controls_say_what_to_look_at(panel, qtbot):
    assert panel.look() == EmbeddingLook()
    with qtbot.waitSignal(panel.look_changed):
        press(panel, qtbot, panel.bar.dims, "3")
    assert panel.look().dims == 3
    qtbot.mouseClick(panel.bar.unseen, LEFT)
    assert panel.look().unseen
    press(panel, qtbot, panel.bar.space, "positions")
    assert panel.look().space == "positions"
    assert panel.look().matrix  # what positions are looked at for
    assert panel.bar.similar.isVisible()
    assert not panel.bar.unseen.isVisible()


def test_dragging_turns_space_and_the_right_button_moves_it(panel, qtbot):
    panel.draw(frame(points=SPACE))
    assert panel.cloud.solid()
    scale_, before = panel.cloud.range.scale(), panel.cloud.turn.matrix.copy()
    first = panel.cloud.grab().toImage()
    drag(qtbot, panel.cloud, QPoint(100, 100), QPoint(140, 100), QPoint(180, 130))
    assert not np.allclose(panel.cloud.turn.matrix, before)
    np.testing.assert_allclose(panel.cloud.turn.matrix @ panel.cloud.turn.matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(panel.cloud.turn.matrix) == pytest.approx(1)
    assert panel.cloud.range.scale() == scale_  # turning is no zooming
    assert panel.cloud.grab().toImage() != first
    turned, spot = panel.cloud.turn.matrix.copy(), at(panel, 0)
    drag(qtbot, panel.cloud, QPoint(100, 100), QPoint(130, 90), button=RIGHT)
    np.testing.assert_array_equal(panel.cloud.turn.matrix, turned)
    assert at(panel, 0) - spot == QPoint(30, -10)
    qtbot.keyClick(panel.cloud, Qt.Key.Key_Left)
    assert not np.allclose(panel.cloud.turn.matrix, turned)
    qtbot.keyClick(panel.cloud, Qt.Key.Key_Home)
    np.testing.assert_allclose(panel.cloud.turn.matrix, before)


def test_a_turn_keeps_distances_and_what_is_dragged_right_goes_right():
    turn, points = Turn(), np.random.default_rng(0).normal(size=(20, 3))
    for dx, dy in np.random.default_rng(1).normal(scale=80, size=(200, 2)):
        turn.drag(dx, dy)
    seen, depth = turn.seen(points, np.zeros(3))
    np.testing.assert_allclose(np.linalg.norm(np.column_stack((seen, depth)), axis=1), np.linalg.norm(points, axis=1))
    turn.matrix = np.eye(3)
    turn.drag(10, 0)
    assert turn.seen(np.array([[0, 0, 1.0]]), np.zeros(3))[0][0, 0] > 0  # the near side follows the pointer
    turn.matrix = np.eye(3)
    turn.drag(0, 10)
    assert turn.seen(np.array([[0, 0, 1.0]]), np.zeros(3))[0][0, 1] < 0


def test_near_points_are_larger_and_stronger_than_far_ones(panel):
    panel.draw(frame(points=SPACE))
    panel.cloud.turn.matrix = np.eye(3)
    panel.cloud.refresh()
    scene = panel.cloud._scene()
    assert scene.nearness[4] > scene.nearness[0] > scene.nearness[5]
    marks = panel.cloud.picture._marks(scene, panel.cloud.size(), 1.0)
    assert marks.layers[4] > marks.layers[5]
    ground = np.array(theme.colour("window").getRgb()[:3], dtype=float)
    strength = np.abs(marks.colours - ground).sum(axis=1)
    assert strength[1] > strength[6]  # the same kind, one nearer than the other
    assert panel.cloud.picture.radii(scene, panel.cloud.size())[1] > panel.cloud.picture.radii(scene, panel.cloud.size())[6]


def test_a_lasso_lists_what_is_inside(panel, qtbot):
    said = []
    panel.lit.connect(said.append)
    left, right, top = at(panel, 3), at(panel, 1), at(panel, 2)
    qtbot.mouseClick(panel.bar.lasso, LEFT)
    loop = [QPoint(left.x() + 20, top.y() + 40), QPoint(right.x() + 30, top.y() + 40), QPoint(right.x() + 30, right.y() + 30),
            QPoint(left.x() + 20, right.y() + 30)]  # fmt: skip
    drag(qtbot, panel.cloud, loop[0], *loop[1:])
    assert np.flatnonzero(panel.cloud.inside).tolist() == [0, 1]
    assert panel.side.title.text() == "2 inside"
    assert [row.token for row in panel.side.rows()] == ["the", " cat"]
    assert said[-1] == Lit((), (10, 11), True)
    panel.cloud.grab()
    assert sorted(panel.cloud.picture.labelled) == [0, 1]
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.cloud.inside.any()
    assert not panel.side.isVisible()
    assert said[-1] == Lit()
    qtbot.mouseClick(panel.bar.lasso, LEFT)
    drag(qtbot, panel.cloud, loop[0], *loop[1:], modifier=Qt.KeyboardModifier.ShiftModifier)
    assert panel.cloud.inside.sum() == 2
    panel.legend.buttons[0].click()  # what is hidden is not listed
    assert not panel.side.isVisible()


def test_a_click_holds_a_point_and_lists_its_neighbours(panel, qtbot):
    said = []
    panel.lit.connect(said.append)
    with qtbot.waitSignal(panel.look_changed):
        qtbot.mouseClick(panel.cloud, LEFT, pos=at(panel, 2))
    assert panel.look().key == 12
    assert said[-1] == Lit((), (12,), True)
    near = Neighbours(12, ((10, 0.9), (16, -0.25)), ((16, 0.5), (10, 2.0)), 1.5)
    panel.draw(frame(near=near))
    assert panel.side.isVisible()
    assert panel.side.title.text() == "“Dog”"
    assert "nearest of 7 in all 8 dimensions · length 1.50" in panel.side.facts.text()
    assert [(row.token, row.value) for row in panel.side.rows()] == [("the", "0.900"), ("mat", "−0.250")]
    press(panel, qtbot, panel.side.measure, "distance")
    assert [(row.token, row.value) for row in panel.side.rows()] == [("mat", "0.500"), ("the", "2.000")]
    count = len(said)
    qtbot.mouseMove(panel.cloud, at(panel, 1))
    assert len(said) == count  # what is held stays lit
    row = panel.side.list.visualRect(panel.side.list.model().index(1, 0)).center()
    qtbot.mouseClick(panel.side.list.viewport(), LEFT, pos=row)
    assert panel.look().key == 10
    assert panel.cloud.held == 0
    assert not panel.side.isVisible()  # its neighbours are not there yet
    qtbot.keyClick(panel.cloud, Qt.Key.Key_Escape)
    assert panel.look().key == -1
    assert said[-1] == Lit()


def test_hovering_previews_and_what_others_point_at_is_ringed(panel, qtbot):
    said = []
    panel.lit.connect(said.append)
    qtbot.mouseMove(panel.cloud, QPoint(1, 1))
    qtbot.mouseMove(panel.cloud, at(panel, 1))
    assert said[-1] == Lit((), (11,), False)
    qtbot.mouseMove(panel.cloud, QPoint(1, 1))
    assert said[-1] == Lit()
    before = panel.cloud.grab().toImage()
    panel.show_lit(Lit((0,), (12, 15), True))
    assert np.flatnonzero(panel.cloud.lit).tolist() == [2, 5]
    ring = at(panel, 5) + QPoint(0, 9)
    assert panel.cloud.grab().toImage().pixelColor(ring) != before.pixelColor(ring)
    panel.draw(text())
    panel.show_lit(Lit((3,), (12,)))
    assert np.flatnonzero(panel.cloud.lit).tolist() == [3]  # in a text it is the place that counts
    panel.show_lit(Lit((), (12,)))
    assert np.flatnonzero(panel.cloud.lit).tolist() == [2]


def test_two_clicks_or_two_words_make_an_axis(panel, qtbot):
    press(panel, qtbot, panel.bar.layout_, "axis")
    assert panel.look().axis == (-1, -1)
    panel.draw(frame())
    assert panel.stamp.text().startswith("Click two points, or type two tokens, for the axis · ")
    qtbot.mouseClick(panel.cloud, LEFT, pos=at(panel, 1))
    qtbot.mouseClick(panel.cloud, LEFT, pos=at(panel, 4))
    assert (panel.look().layout, panel.look().axis) == ("axis", (11, 14))
    assert [end.text() for end in panel.bar.ends] == [" cat", "⏎"]
    assert panel.look().key == -1
    panel.bar.ends[1].clear()
    qtbot.keyClicks(panel.bar.ends[1], "mat")
    assert panel.look().axis == (11, 16)
    panel.draw(frame(layout="axis", ends=(11, 16)))
    assert panel.cloud.picture._axes()[0] == "·cat to mat · 40 % of the variance"
    panel.bar.ends[1].setText("nobody")
    assert panel.look().axis == (11, -1)


def test_trails_follow_the_last_pictures_and_fade(panel, qtbot):
    for step in range(4, 9):
        panel.draw(frame(step, PLANE + np.float32(0.25 * (step - 3)) * np.float32([[1, 0]])))
    panel.cloud.range.glide(1.0)
    panel.cloud.refresh()
    without = panel.cloud.grab().toImage()
    qtbot.mouseClick(panel.bar.trails, LEFT)
    with_ = panel.cloud.grab().toImage()
    spot = at(panel, 2)
    width = panel.cloud.range.scale()
    newest, oldest = (QPoint(round(spot.x() - back * width), spot.y()) for back in (0.2, 1.1))
    ground = theme.colour("window")
    away = [abs(with_.pixelColor(place).red() - ground.red()) + abs(with_.pixelColor(place).green() - ground.green())
            for place in (newest, oldest)]  # fmt: skip
    assert with_ != without
    assert away[0] > away[1] > 5
    assert panel.cloud.picture.trailed == 7
    assert "trails of 7 since step 3" in panel.stamp.text()
    qtbot.keyClicks(panel.search, "at")
    assert "trails of 2 since step 3" in panel.stamp.text()


def test_trails_forget_what_does_not_fit():
    trails = Trails()
    for step in range(30):
        trails.take(frame(step))
    assert len(trails.pictures()) == LENGTH
    assert trails.steps() == (30 - LENGTH, 29)
    trails.take(frame(20))  # the timeline went back
    assert trails.steps() == (30 - LENGTH, 20)
    trails.take(frame(21, SPACE))
    assert trails.steps() == (21, 21)


def test_colours_mean_what_the_legend_says(panel, qtbot):
    assert [panel.bar.colour.itemData(i) for i in range(panel.bar.colour.count())] == ["kind", "frequency", "modality"]
    panel.bar.colour.setCurrentIndex(1)
    assert not any(button.isVisible() for button in panel.legend.buttons)
    picture = panel.cloud.grab().toImage()
    for index, level in ((0, 31), (6, 10)):  # 7 times and once: log 2 / log 8 is a third of the scale
        seen = picture.pixelColor(at(panel, index))
        assert np.abs(np.array(seen.getRgb()[:3]) - scale()[level].astype(int)).max() <= 2
    assert panel.legend._colouring.ends == ("never in the text", "7 times")
    panel.draw(text())
    assert [panel.bar.colour.itemData(i) for i in range(panel.bar.colour.count())] == [
        "kind",
        "position",
        "frequency",
        "modality",
    ]
    assert panel.bar.colour.currentData() == "frequency"
    panel.bar.colour.setCurrentIndex(1)
    assert panel.cloud.picture.colouring.groups.tolist()[::6] == [0, 31]
    panel.bar.colour.setCurrentIndex(3)
    assert panel.legend.buttons[0].text() == "text"
    assert panel.legend.buttons[0].isVisible()


def test_tap_points_are_offered_as_the_model_names_them(panel, qtbot):
    press(panel, qtbot, panel.bar.space, "context")
    panel.draw(text())
    tap = panel.bar.tap
    assert [tap.layer.itemText(i) for i in range(tap.layer.count())] == [
        "Embedding",
        "Layer 1",
        "Layer 2",
        "Before unembedding",
    ]
    assert (tap.layer.currentText(), tap.point.currentText()) == ("Layer 2", "resid_post")
    with qtbot.waitSignal(panel.look_changed):
        tap.layer.setCurrentIndex(1)
    assert panel.look().tap == "decoder.0.resid_post"
    tap.point.setCurrentIndex(0)
    assert panel.look().tap == "decoder.0.q"
    panel.draw(text(tap="decoder.0.q", heads=2))
    assert [tap.head.itemText(i) for i in range(3)] == ["All heads", "Head 1", "Head 2"]
    tap.head.setCurrentIndex(2)
    assert panel.look().head == 1
    with qtbot.waitSignal(panel.look_changed):
        qtbot.keyClicks(tap.text, "the")
    assert panel.look().text == "the"
    assert "7 of 7 tokens of the text shown" in panel.stamp.text()
    panel.draw(text(shortened=5))
    assert "5 more did not fit" in panel.stamp.text()


def test_the_similarity_matrix_shows_cosines_on_a_fixed_scale(panel, qtbot):
    press(panel, qtbot, panel.bar.space, "context")
    cosines = np.eye(7, dtype=np.float32) - np.float32(0.5) * (np.ones((7, 7), np.float32) - np.eye(7, dtype=np.float32))
    panel.draw(text(similarity=cosines))
    matrix, said = panel.matrix, []
    panel.lit.connect(said.append)
    assert matrix.isVisible()
    room = matrix.room()

    def cell(row, column):
        side = room.width() / 7
        return QPoint(round(room.left() + (column + 0.5) * side), round(room.top() + (row + 0.5) * side))

    picture = matrix.grab().toImage()
    same, other = picture.pixelColor(cell(2, 2)), picture.pixelColor(cell(2, 3))
    assert same.red() > same.blue()
    assert other.blue() > other.red()
    qtbot.mouseMove(matrix, QPoint(0, 0))
    qtbot.mouseMove(matrix, cell(2, 5))
    assert matrix.cell == (2, 5)
    assert matrix.name(2) == "“Dog” at 3"
    assert said[-1] == Lit((2,), (12,), False)
    assert panel.cloud.hover == 2  # the same point in the cloud
    qtbot.mouseClick(matrix, LEFT, pos=cell(4, 1))
    assert panel.look().key == 4
    panel.draw(text(near=Neighbours(4, ((2, 0.5),), ((2, 1.0),), 1.0)))
    assert [row.value for row in panel.side.rows()] == ["at 3 · 0.500"]


def test_without_position_vectors_the_reason_is_in_sight(panel, qtbot):
    empty = EmbeddingFrame(
        3, PLANE[:0], (), KINDS_OF[:0], np.zeros(0, int), (0.0, 0.0), 0, IDS[:0], IDS[:0], IDS[:0], KINDS_OF[:0],
        space="positions", note="Its attention turns queries and keys instead.",
    )  # fmt: skip
    press(panel, qtbot, panel.bar.space, "positions")
    panel.draw(empty)
    assert panel.nothing.isVisible()
    assert panel.nothing.hint.text() == "Its attention turns queries and keys instead."
    assert panel.bar.isVisible()  # the way back


def test_tsne_is_asked_for_shows_how_far_it_is_and_can_be_given_up(panel, qtbot):
    press(panel, qtbot, panel.bar.layout_, "tsne")
    assert (panel.look().layout, panel.look().run) == ("tsne", 1)
    panel.draw(frame(progress=Progress("laying out", 0.4)))
    strip = panel.bar.tsne
    assert strip.bar.value() == 40
    assert strip.said.text() == "t-SNE: laying out 40 % · PCA meanwhile"
    qtbot.mouseClick(strip.button, LEFT)
    assert panel.look().run == 0
    panel.draw(frame())
    assert strip.button.text() == "Run"
    qtbot.mouseClick(strip.button, LEFT)
    assert panel.look().run == 2
    panel.draw(frame(9, layout="tsne", explained=(), layout_step=5, divergence=1.234))
    assert strip.said.text() == "t-SNE of step 5, the model is at 9 · divergence 1.23 nats"
    assert not strip.bar.isVisible()
    press(panel, qtbot, panel.bar.layout_, "pca")
    press(panel, qtbot, panel.bar.layout_, "tsne")
    assert panel.look().run == 2  # what is there is not made again
    qtbot.mouseClick(strip.button, LEFT)
    assert panel.look().run == 3


def test_little_room_is_for_the_cloud_alone(panel):
    panel.resize(380, 240)
    assert not panel.bar.isVisible()
    assert panel.cloud.isVisible()
    panel.resize(900, 560)
    assert panel.bar.isVisible()


def test_markers_are_stamped_where_they_belong_and_cut_off_at_the_edge():
    image = QImage(100 + 2 * BORDER, 60 + 2 * BORDER, QImage.Format.Format_RGB32)
    image.fill(0xFF000000)
    places = np.array([[20.0, 30.0], [22.0, 30.0], [0.0, 0.0], [500.0, 20.0], [99.0, 59.0]])
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [9, 9, 9]], dtype=np.uint8)
    layers = np.array([1, 0, 0, 0, 0])
    draw(image, Marks(places, np.array([0, 1, 2, 3, 4], np.uint8), np.full(5, 4.0), colours, layers), np.zeros(3, np.float32))
    found = image.copy(BORDER, BORDER, 100, 60)
    assert found.pixelColor(20, 30).getRgb()[:3] == (255, 0, 0)  # the higher layer lies above, though it came first
    assert found.pixelColor(25, 30).getRgb()[:3] != (255, 0, 0)
    assert found.pixelColor(0, 0).getRgb()[:3] == (0, 0, 255)
    assert found.pixelColor(60, 30).getRgb()[:3] == (0, 0, 0)
    draw(image, Marks(places[:0], colours[:0, 0], places[:0, 0], colours[:0], layers[:0]), np.zeros(3, np.float32))


def test_two_pixels_to_each_are_used_where_there_are_two(panel):
    panel.cloud.grab()
    picture = panel.cloud.picture.paint(panel.cloud._scene(), panel.cloud.size(), 2.0)
    assert (picture.width(), picture.devicePixelRatio()) == (2 * panel.cloud.width(), 2.0)
    for index in (1, 2, 3):
        seen = picture.pixelColor(at(panel, index) * 2)
        wanted = theme.colour(("embedding", "attention", "mlp")[index - 1])
        assert max(abs(a - b) for a, b in zip(seen.getRgb(), wanted.getRgb(), strict=True)) <= 2


def test_fifty_thousand_points_are_searched_caught_and_listed_without_a_stall(panel):
    count = 50_000
    random, ids = np.random.default_rng(0), np.arange(count)
    large = EmbeddingFrame(
        1, random.normal(size=(count, 2)).astype(np.float32), tuple(f"t{i}" for i in ids), (ids % 6).astype(np.uint8),
        ids[::-1].copy(), (0.1, 0.1), count, ids, ids, np.full(count, -1), np.zeros(count, np.uint8), width=8,
    )  # fmt: skip
    panel.draw(large)
    panel.grab()
    took = []
    for job in (
        lambda: panel.search.setText("123"), lambda: panel.search.clear(), lambda: panel.cloud._catch(
            [QPointF(100, 100), QPointF(600, 100), QPointF(600, 300), QPointF(100, 300)]),
        lambda: panel.cloud._nearest(QPointF(300, 200)), lambda: panel.cloud.neighbours(7),
    ):  # fmt: skip
        start = time.perf_counter()
        job()
        took.append(time.perf_counter() - start)
    assert panel.stamp.text().startswith("picture of step 1 · 50,000 of 50,000")
    x, y = panel.cloud.places.T
    inside = (x > 101) & (x < 599) & (y > 101) & (y < 299)
    assert panel.cloud.inside[inside].all()
    assert inside.sum() > 1000
    assert panel.cloud.inside.sum() < inside.sum() * 1.05
    model, bar = panel.side.list.model(), panel.side.list.verticalScrollBar()
    assert panel.side.title.text() == f"{panel.cloud.inside.sum():,} inside"
    assert model.rowCount() == 500
    panel.grab()
    bar.setValue(bar.maximum())
    assert model.rowCount() > 500  # more come when they are wanted
    assert sorted(took)[-1] < 1.0, took  # a second is for a machine under load; alone it is some 50 ms at most


def test_the_lasso_is_seen_while_it_is_drawn(panel, qtbot):
    panel.cloud.lasso = True
    before = panel.cloud.grab().toImage()
    qtbot.mousePress(panel.cloud, LEFT, pos=QPoint(30, 30))
    for spot in (QPoint(90, 30), QPoint(90, 90)):
        qtbot.mouseMove(panel.cloud, spot)
    after = panel.cloud.grab().toImage()
    assert before.pixelColor(80, 45) != after.pixelColor(80, 45)
    qtbot.mouseRelease(panel.cloud, LEFT, pos=QPoint(90, 90))
    assert QRectF(panel.cloud.rect()).contains(QPointF(80, 45))
    assert not panel.cloud.inside.any()
