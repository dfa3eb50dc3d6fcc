"""The worlds are the real ones, experts reach what is known of them, and demonstrations follow from the seed."""

import numpy as np
import pytest

from playground.data.errors import Cancelled, DataError
from playground.data.worlds import WORLDS
from playground.data.worlds.demonstrations import demonstrate
from playground.data.worlds.grid import GridPlace
from playground.data.worlds.world import gymnasium_place


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("playground.data.worlds.demonstrations.cache", lambda: tmp_path)


def returns(world, policy, seeds):
    """Returns of whole episodes through the environment itself; half of them for each task of a world."""
    found = []
    for seed in seeds:
        place, rng, task, total = world.make(), np.random.default_rng(seed), seed % len(world.tasks), 0.0
        seen, _ = place.reset(seed=seed)
        ended = late = False
        while not (ended or late):
            action = policy(world.observe(seen, place), task, rng)
            seen, reward, ended, late, info = place.step(world.act(action))
            total += world.reward(task, float(reward), info)
        found.append(total)
    return np.array(found)


KNOWN = {
    "cartpole": (500, 500),
    "pendulum": (-200, -140),
    "mountain": (88, 91),
    "grid": (1, 1),
    "goals": (1, 1),
    "taxi": (7, 9),
}


@pytest.mark.parametrize("name", WORLDS)
def test_the_expert_reaches_its_known_return_and_chance_does_not(name):
    world = WORLDS[name]
    expert = returns(world, lambda seen, task, rng: world.expert(seen[None], task)[0], range(500, 512)).mean()
    chance = returns(world, lambda seen, task, rng: world.random(rng), range(500, 512)).mean()
    low, high = KNOWN[name]
    assert low <= expert <= high
    assert chance < low - 0.3 * abs(low - chance)


@pytest.mark.parametrize("name", WORLDS)
def test_demonstrations_follow_from_the_seed_and_can_be_encoded(name, tmp_path):
    world = WORLDS[name]
    made = demonstrate(world, 3, 500)
    assert list((tmp_path / "demonstrations").iterdir())
    kept = demonstrate(world, 3, 500)  # from the disk now
    other = demonstrate(world, 4, 500)
    for column, value in vars(made).items():
        assert np.array_equal(value, vars(kept)[column])
    assert not np.array_equal(made.observations[:500], other.observations[:500])
    for at, kind in enumerate(world.observation):
        arguments = (256,) if hasattr(kind, "bent") else ()
        kind.encode(made.observations[:, at], *arguments)
    assert np.array_equal(made.advice[:200], np.concatenate([
        world.expert(made.observations[at : at + 1], int(made.tasks[made.episode[at]])) for at in range(200)
    ]))  # fmt: skip
    wrong = (made.advice != made.actions).mean()
    assert 0.1 < wrong < 0.9  # mistakes are in them, and advice against them


def test_a_broken_file_of_demonstrations_is_made_again(tmp_path):
    made = demonstrate(WORLDS["grid"], 1, 100)
    (file,) = (tmp_path / "demonstrations").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert np.array_equal(demonstrate(WORLDS["grid"], 1, 100).actions, made.actions)


def test_demonstrating_tells_how_far_it_is_and_can_be_given_up():
    told = []
    demonstrate(WORLDS["grid"], 2, 3000, lambda job, share: told.append((job, share)))
    assert told[0][0] == "Demonstrating Grid"
    assert [share for _, share in told] == sorted(share for _, share in told)
    with pytest.raises(Cancelled):
        demonstrate(WORLDS["grid"], 5, 3000, cancelled=lambda: True)


def test_without_gymnasium_the_worlds_say_what_to_install(monkeypatch):
    def missing(name, *arguments):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("playground.data.worlds.world.importlib.import_module", missing)
    with pytest.raises(DataError, match=r"come with gymnasium.*pip install"):
        WORLDS["cartpole"].make()
    WORLDS["grid"].make()  # needs nothing
    monkeypatch.undo()
    with pytest.raises(DataError, match="cannot be made"):
        gymnasium_place("NoSuchWorld-v0")


def test_a_wall_holds_and_patience_ends():
    place = GridPlace()
    place.put([0, 0, 4, 4])
    seen, reward, ended, late, _ = place.step(0)
    assert (seen.tolist(), reward, ended, late) == ([0, 0, 4, 4], 0.0, False, False)
    for _ in range(18):
        late = place.step(2)[3]
    assert not late
    assert place.step(2)[3]


def test_two_goals_have_one_observation_and_another_answer():
    world = WORLDS["goals"]
    seen = np.array([[2, 2, 0, 2, 4, 2]], dtype=float)
    assert world.expert(seen, 0).tolist() == [2]
    assert world.expert(seen, 1).tolist() == [3]
    blocked = np.array([[0, 0, 2, 0, 1, 0]], dtype=float)  # the second goal is on the way to the first
    assert world.expert(blocked, 0).tolist() == [1]
