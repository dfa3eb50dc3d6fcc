"""Lets the model play a world, step by step as it is watched, or read and paint digits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from playground.data.errors import DataError
from playground.data.modalities.continuous import Discrete, Ids
from playground.data.modalities.ranges import Ranges
from playground.data.modalities.tokens import Domained
from playground.data.worlds import WORLDS, World
from playground.data.worlds.pictures import halves
from playground.spec.domains import NAMES
from playground.training.acting import Player, compared, shown
from playground.training.picturing import captioned, painted, reader
from playground.views.subject import Subject, at_rest, read_only
from playground.views.world.frame import Named, Scene, WorldFrame, WorldLook

SLICE_SECONDS = 0.012
"""How long a picture may play on at a time: training waits for it."""
MOST_STEPS = 24
KEPT = 200
"""Returns that are remembered."""
JUDGES = range(9_000_000, 9_000_003)
"""Seeds on which expert and chance are measured."""
PICTURES = {"captions": "Name digits", "paint": "Paint digits"}
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DOMAINS = (
    *((world.name, world.title, world.help) for world in WORLDS.values()),
    ("captions", PICTURES["captions"], "Real handwritten digits that were held out, and what the network calls them"),
    (
        "paint",
        PICTURES["paint"],
        "Digits painted pixel by pixel after their names, and what an independent reader takes them for",
    ),
)
NONE = "This model reads text alone. Open the preset Gato, which also sees, and acts in worlds."


@dataclass
class Episode:
    """An episode under way."""

    world: World
    place: Any
    seen: np.ndarray
    number: int
    past: Ids = field(default_factory=lambda: np.empty((1, 0), np.int64))
    total: float = 0.0
    over: bool = False


class WorldProbe:
    """Remembers the episode, so that each picture goes on where the one before has ended."""

    def __init__(self) -> None:
        self._begun: tuple[object, ...] = ()
        self._episode: Episode | None = None
        self._player: Player | None = None
        self._returns: list[tuple[float, float]] = []
        self._known: dict[tuple[str, int], tuple[float, float]] = {}
        """Mean returns of expert and chance by world and task."""

    def observe(self, subject: Subject, look: WorldLook) -> WorldFrame:
        """The steps that come next."""
        tokenizer, domain = subject.corpus.tokenizer, look.domain or DOMAINS[0][0]
        if not isinstance(tokenizer, Domained) or not subject.model.spec.multi_domain:
            return WorldFrame(subject.step, domain, DOMAINS, note=NONE)
        try:
            with at_rest(subject.model):
                if domain in PICTURES:
                    return self._pictured(subject, tokenizer, domain, look.round)
                return self._played(subject, tokenizer, WORLDS[domain], look)
        except DataError as error:
            return WorldFrame(subject.step, domain, DOMAINS, note=str(error))
        except Exception as error:  # a world is somebody else's program
            self._begun, self._episode = (), None
            said = f"{NAMES.get(domain, domain)} has broken off: {error}. A new episode begins with the next picture."
            return WorldFrame(subject.step, domain, DOMAINS, note=said)

    # -- playing ------------------------------------------------------------------------------------------------

    def _played(self, subject: Subject, tokenizer: Domained, world: World, look: WorldLook) -> WorldFrame:
        ranges, asked = tokenizer.ranges, max(0, look.prompt)
        begun = (world.name, look.seed, look.round, look.prompt)
        if begun != self._begun:
            if self._begun[:1] != begun[:1]:
                self._returns = []
            self._begun, self._episode = begun, None
        player = self._ready(subject, world, ranges, look)
        episode = self._episode
        if episode is None or episode.over:
            episode = self._episode = _begin(world, look.seed, 0 if episode is None else episode.number + 1)
        scenes: list[Scene] = []
        start = time.perf_counter()
        while len(scenes) < (1 if look.hand is not None else MOST_STEPS):
            scenes.append(self._step(episode, player, ranges, asked, look.hand))
            if episode.over:
                scenes.append(Scene(read_only(episode.seen)))
                self._returns = [*self._returns, (float(subject.step), episode.total)][-KEPT:]
                break
            if time.perf_counter() - start > SLICE_SECONDS:
                break
        expert, chance = self._measured(world, asked)
        action = world.action
        most = 0.0 if isinstance(action, Discrete) else 1 / action.factor
        return WorldFrame(
            step=subject.step, domain=world.name, domains=DOMAINS, scenes=tuple(scenes), ended=episode.over,
            episode=episode.number, total=episode.total, values=tuple(each.name for each in world.observation),
            actions=action.names or tuple(map(str, range(action.count))) if isinstance(action, Discrete) else (),
            low=-most, high=most, strip=self._strip(tokenizer, player, episode),
            returns=read_only(np.array(self._returns).reshape(-1, 2)), expert=expert, chance=chance,
            tasks=world.tasks if len(world.tasks) > 1 else ("what the expert does",),
        )  # fmt: skip

    def _ready(self, subject: Subject, world: World, ranges: Ranges, look: WorldLook) -> Player:
        """The player of this world with the model of now."""
        player = self._player
        if player is None or player.world is not world or self._episode is None:
            room = subject.model.spec.n_ctx // 2
            prompt = shown(world, ranges, look.prompt, room) if look.prompt >= 0 else None
            self._player = player = Player(subject.model, world, ranges, prompt=prompt, seed=look.seed)
        player.model = subject.model  # it may have been grafted, or another step is looked at
        return player

    def _step(self, episode: Episode, player: Player, ranges: Ranges, task: int, hand: float | None) -> Scene:
        world, seen = episode.world, episode.seen
        chances = player.chances(episode.past, seen[None])[0]
        if hand is None:
            action = float(ranges.decode(world.action, player.drawn(chances[None]))[0])
        else:
            action = hand
        done = ranges.encode(world.action, np.array([action]))
        columns = [ranges.encode(kind, seen[None, at]) for at, kind in enumerate(world.observation)]
        grown = np.stack([*columns, np.array([ranges.separator]), done], axis=1)
        episode.past = np.concatenate((episode.past, grown), axis=1)[:, -player.history * player.width :]
        after, reward, ended, late, info = episode.place.step(world.act(action))
        worth = world.reward(task, float(reward), info)
        episode.seen = world.observe(after, episode.place)
        episode.total, episode.over = episode.total + worth, bool(ended or late)
        return Scene(read_only(seen), action, read_only(chances, np.float32), worth, hand is not None)

    def _strip(self, tokenizer: Domained, player: Player, episode: Episode) -> tuple[Named, ...]:
        """The sequence behind the last action, as the network reads it; there is a loss on actions alone."""
        ids = np.concatenate((player.prompt, episode.past[0]))[-player.model.spec.n_ctx :]
        width, ranges = player.width, tokenizer.ranges
        pieces = tokenizer.pieces(ids.tolist())
        return tuple(
            Named(piece, ranges.modality(int(id_)), (at + 1) % width == 0)
            for at, (id_, piece) in enumerate(zip(ids, pieces, strict=True), start=-len(ids) % width)
        )

    def _measured(self, world: World, task: int) -> tuple[float, float]:
        if (world.name, task) not in self._known:
            expert, chance = compared(world, list(JUDGES), [task] * len(JUDGES))
            self._known[world.name, task] = float(expert.returns.mean()), float(chance.returns.mean())
        return self._known[world.name, task]

    # -- pictures -----------------------------------------------------------------------------------------------

    def _pictured(self, subject: Subject, tokenizer: Domained, domain: str, turn: int) -> WorldFrame:
        model, ranges = subject.model, tokenizer.ranges
        if domain == "captions":
            _, _, pixels, labels = halves()
            picked = np.random.default_rng(turn).choice(len(pixels), 10, replace=False)
            pictures, asked = pixels[picked], [DIGITS[label] for label in labels[picked].tolist()]
            said = captioned(model, ranges, tokenizer, pictures)
        else:
            asked = list(DIGITS)
            pictures = painted(model, ranges, tokenizer, asked, seed=turn)
            said = [DIGITS[label] for label in reader().predict(pictures).tolist()]
        return WorldFrame(
            subject.step, domain, DOMAINS, pictures=read_only(pictures.reshape(-1, 8, 8) / 15.0, np.float32),
            labels=tuple(asked), said=tuple(said),
        )  # fmt: skip


def _begin(world: World, seed: int, number: int) -> Episode:
    place = world.make()
    return Episode(world, place, world.observe(place.reset(seed=seed + number)[0], place), number)


PROBE = WorldProbe
