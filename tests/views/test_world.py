"""The world's probe against gymnasium itself, and its panel by mouse and key."""

import sys

import numpy as np
import pytest
from PySide6.QtCore import Qt

from playground.data.worlds import WORLDS
from playground.places import model_folder
from playground.training.acting import Player
from playground.training.run import Run
from playground.views.world.frame import WorldFrame, WorldLook
from playground.views.world.panel import WorldPanel
from playground.views.world.panel_scenes import HANDS, SCENES
from playground.views.world.probe import DOMAINS, WorldProbe
from playground.worker.looking import present

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def subject():
    return present(Run.open(model_folder("gato-control"), device="cpu"))


def played(subject, look, most=60):
    """Frames until the episode is over."""
    probe, frames = WorldProbe(), []
    for ticket in range(most):
        frames.append(probe.observe(subject, WorldLook(**{**look.__dict__, "ticket": ticket})))
        if frames[-1].ended:
            break
    return probe, frames


@pytest.mark.parametrize("name", ["cartpole", "grid", "taxi", "pendulum", "mountain"])
def test_what_is_told_is_what_the_environment_does(subject, name):
    world = WORLDS[name]
    _, frames = played(subject, WorldLook(name, seed=5), most=8)
    place = world.make()
    seen = world.observe(place.reset(seed=5)[0], place)
    total = 0.0
    for frame in frames:
        assert not frame.note
        for scene in frame.scenes:
            np.testing.assert_allclose(scene.seen, seen)
            if scene.action is None:
                continue
            assert scene.chances.sum() == pytest.approx(1.0, abs=1e-4)
            after, reward, ended, late, info = place.step(world.act(scene.action))
            seen = world.observe(after, place)
            total += world.reward(0, float(reward), info)
        assert frame.total == pytest.approx(total)


def test_an_episode_ends_another_begins_and_returns_are_kept(subject):
    probe, frames = played(subject, WorldLook("grid", seed=1))
    assert frames[-1].ended
    assert frames[-1].scenes[-1].action is None
    assert frames[-1].returns[:, 1].tolist() == [frames[-1].total]
    after = probe.observe(subject, WorldLook("grid", seed=1, ticket=99))
    assert after.episode == 1
    again = probe.observe(subject, WorldLook("grid", seed=1, round=1, ticket=100))
    assert again.episode == 0
    assert frames[0].expert == 1.0
    assert frames[0].chance <= 1.0


def test_the_likely_actions_are_those_of_the_model(subject):
    frame = WorldProbe().observe(subject, WorldLook("cartpole", seed=3))
    tokenizer = subject.corpus.tokenizer
    player = Player(subject.model, WORLDS["cartpole"], tokenizer.ranges)
    first = frame.scenes[0]
    np.testing.assert_allclose(player.chances(np.empty((1, 0), np.int64), first.seen[None])[0], first.chances, atol=1e-6)
    assert frame.actions == ("left", "right")
    assert [token.learned for token in frame.strip[-6:]] == [False] * 5 + [True]
    assert {token.kind for token in frame.strip} == {"continuous", "separator", "discrete"}


def test_a_hand_moves_and_the_network_says_what_it_would_have_done(subject):
    probe = WorldProbe()
    frame = probe.observe(subject, WorldLook("grid", seed=2, hand=3.0))
    (scene, *_) = frame.scenes
    assert (scene.action, scene.by_hand) == (3.0, True)
    after = probe.observe(subject, WorldLook("grid", seed=2, ticket=1))
    assert after.scenes[0].seen[0] == min(4, scene.seen[0] + 1)


def test_a_demonstration_is_read_before(subject):
    with_one = WorldProbe().observe(subject, WorldLook("goals", seed=2, prompt=1))
    assert with_one.tasks == ("to the first goal", "to the second goal")
    assert len(with_one.strip) > len(WorldProbe().observe(subject, WorldLook("goals", seed=2, hand=0.0)).strip)


def test_a_model_that_reads_text_alone_is_told_so():
    text = present(Run.open(model_folder("gpt"), device="cpu"))
    assert "Gato" in WorldProbe().observe(text, WorldLook("cartpole")).note


def test_a_world_that_breaks_is_said_and_begins_anew(subject, monkeypatch):
    probe = WorldProbe()
    monkeypatch.setattr("playground.data.worlds.grid.GridPlace.step", lambda self, action: 1 / 0)
    assert "broken off: division by zero" in probe.observe(subject, WorldLook("grid")).note
    monkeypatch.undo()
    assert probe.observe(subject, WorldLook("grid", ticket=1)).scenes


def test_a_missing_package_is_said(subject, monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    assert "pip install" in WorldProbe().observe(subject, WorldLook("cartpole")).note


# -- the panel ----------------------------------------------------------------------------------------------------


@pytest.fixture
def panel(qtbot, subject):
    made = WorldPanel()
    made.probe = WorldProbe()
    qtbot.addWidget(made)
    made.look_changed.connect(lambda: made.draw(made.probe.observe(subject, made.look())))
    made.resize(720, 420)
    made.show()
    qtbot.waitExposed(made)
    made.draw(made.probe.observe(subject, made.look()))
    return made


def choose(panel, name):
    index = panel.domain.findData(name)
    panel.domain.setCurrentIndex(index)
    panel.domain.activated.emit(index)


def test_it_plays_at_its_own_pace_and_asks_for_more(panel, qtbot):
    tickets = panel.look().ticket
    qtbot.waitUntil(lambda: panel.look().ticket > tickets + 1, timeout=8000)
    assert "episode" in panel.scene.caption
    assert "cart position" in panel.scene.said()
    qtbot.mouseClick(panel.run, LEFT)
    assert not panel.timer.isActive()
    qtbot.mouseClick(panel.run, LEFT)
    assert panel.timer.isActive()


def test_the_person_takes_over_by_key_and_hands_back(panel, qtbot):
    choose(panel, "grid")
    qtbot.mouseClick(panel.hand, LEFT)
    assert panel.hand.text() == "Hand back"
    before = panel.scene.scene.seen.copy()
    qtbot.keyClick(panel.scene, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: panel.scene.scene.by_hand)
    assert panel.look().hand == 1.0
    assert panel.scene.scene.action == 1.0
    assert before.shape == (4,)
    qtbot.mouseClick(panel.hand, LEFT)
    assert panel.look().hand is None


def test_a_world_that_does_not_wait_goes_on_while_a_key_is_held(panel, qtbot):
    choose(panel, "mountain")
    qtbot.mouseClick(panel.hand, LEFT)
    qtbot.keyPress(panel.scene, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: panel.scene.scene.by_hand and panel.scene.scene.action == 1.0)
    qtbot.keyRelease(panel.scene, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: panel.scene.scene.action == 0.0)


@pytest.mark.parametrize("name", sorted(SCENES))
def test_every_world_is_painted_and_can_be_played(panel, name):
    choose(panel, name)
    panel._show_next()
    image = panel.scene.grab().toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
    assert len(colours) > 4
    assert HANDS[name]


def test_pictures_are_painted_and_named(panel, subject):
    gato = present(Run.open(model_folder("gato"), device="cpu"))
    for domain in ("captions", "paint"):
        frame = WorldProbe().observe(gato, WorldLook(domain))
        assert frame.pictures.shape == (10, 8, 8)
        right = sum(one == other for one, other in zip(frame.labels, frame.said, strict=True))
        assert right >= 5
        assert len(list(frame.table()[1])) == 10
        panel._look = WorldLook(domain)
        panel.draw(frame)
        assert panel.pictures.isVisible()
        assert not panel.hand.isVisible()


def test_nothing_to_watch_says_why(panel):
    panel.draw(WorldFrame(1, "cartpole", DOMAINS, note="This model reads text alone."))
    assert panel.empty.isVisible()
    assert panel.empty.hint.text() == "This model reads text alone."
