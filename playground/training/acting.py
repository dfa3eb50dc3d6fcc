"""A multi-domain model in its worlds: it acts, in many episodes at once, and is scored by what it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from playground.data.modalities.continuous import Ids
from playground.data.modalities.ranges import Ranges
from playground.data.worlds.demonstrations import demonstrate
from playground.data.worlds.world import Observed, World
from playground.transformer.model import Transformer

PROMPT_SEED = 7_000_000
"""The seed of demonstrations that are shown as prompts; no training has seen them."""
Choice = Literal["best", "sample"]


@dataclass(frozen=True)
class Deeds:
    """What came of some episodes, each (episode,): `returns`, and `steps` until it was over."""

    returns: Observed
    steps: Ids


class Player:
    """A model in a world. With `history` it sees so many timesteps, the current one included; None is all that fit."""

    def __init__(
        self, model: Transformer, world: World, ranges: Ranges, *, history: int | None = None, choice: Choice = "sample",
        prompt: Ids | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        """`prompt` (tokens,) are whole timesteps as `shown` makes them, of another episode.

        Actions are drawn by chance, as Gato's are (Reed et al. 2022, §2.4): whoever always takes the likeliest one walks in
        circles for ever where two places each send him to the other.
        """
        self.model, self.world, self.ranges, self.choice = model, world, ranges, choice
        self.width = len(world.observation) + 2
        self.prompt = np.empty(0, np.int64) if prompt is None else prompt
        room = (model.spec.n_ctx - len(self.prompt) + 1) // self.width
        self.history = room if history is None else max(1, min(history, room))
        self._generator = torch.Generator().manual_seed(seed)
        about = ranges.modalities
        self._places = np.append(np.arange(self.width - 1) + 1, about.places + 1)

    def decide(self, past: Ids, seen: Observed) -> Ids:
        """Ids of the actions (episode,) after `past` (episode, tokens), whole timesteps, and observations (episode, values)."""
        return self.drawn(self._logits(past, seen))

    def chances(self, past: Ids, seen: Observed) -> Observed:
        """How likely each action is after the same, (episode, actions)."""
        shares: Observed = self._logits(past, seen).double().softmax(dim=-1).cpu().numpy()
        return shares

    def drawn(self, found: Tensor | Observed) -> Ids:
        """Ids of actions (episode,) chosen from logits, or from how likely they are, (episode, actions)."""
        logits = found if isinstance(found, Tensor) else torch.from_numpy(found).clamp(min=1e-30).log()
        picked: Ids = chosen(logits, self.choice, self._generator).cpu().numpy()
        return picked + self.ranges.allowed(self.world.action).start

    @torch.inference_mode()
    def _logits(self, past: Ids, seen: Observed) -> Tensor:
        """Of every action of the world, float32 (episode, actions)."""
        columns = [self.ranges.encode(kind, seen[:, at]) for at, kind in enumerate(self.world.observation)]
        now = np.stack([*columns, np.full(len(seen), self.ranges.separator)], axis=1)
        keep = (self.history - 1) * self.width
        before = past[:, max(0, past.shape[1] - keep) :] if keep else past[:, :0]
        rows = np.concatenate((np.tile(self.prompt, (len(seen), 1)), before, now), axis=1)
        local = np.resize(self._places, rows.shape[1])  # timesteps are all alike
        device = self.model.embed.weight.device
        tokens, places = torch.from_numpy(rows).to(device), torch.from_numpy(local).to(device).expand(len(rows), -1)
        allowed = self.ranges.allowed(self.world.action)
        logits: Tensor = self.model(tokens, local=places)[:, -1, allowed.start : allowed.stop].float()
        return logits

    def play(self, seeds: Sequence[int], tasks: Sequence[int] | None = None, starts: Observed | None = None) -> Deeds:
        """One episode for each seed, all at once, through the environment itself, until each is over.

        `tasks` say which of the world's tasks counts in each; `starts` (episode, values), for worlds that can be put into a
        state, where they begin. Raises DataError where the world cannot be made.
        """
        places = [self.world.make() for _ in seeds]
        first = [place.reset(seed=seed)[0] for place, seed in zip(places, seeds, strict=True)]
        if starts is not None:
            first = [place.put(start) for place, start in zip(places, starts, strict=True)]  # type: ignore[attr-defined]
        seen = np.stack([self.world.observe(each, place) for each, place in zip(first, places, strict=True)])
        asked = tasks if tasks is not None else [0] * len(places)
        returns, steps = np.zeros(len(places)), np.zeros(len(places), np.int64)
        past = np.empty((len(places), 0), np.int64)
        alive = np.arange(len(places))
        while len(alive):
            actions = self.decide(past[alive], seen[alive])
            done = self.ranges.decode(self.world.action, actions)
            columns = [self.ranges.encode(kind, seen[alive][:, at]) for at, kind in enumerate(self.world.observation)]
            grown = np.full((len(places), self.width), self.ranges.padding)
            grown[alive] = np.stack([*columns, np.full(len(alive), self.ranges.separator), actions], axis=1)
            past = np.concatenate((past, grown), axis=1)[:, -self.history * self.width :]
            over = []
            for episode, action in zip(alive.tolist(), done.tolist(), strict=True):
                at, reward, ended, late, info = places[episode].step(self.world.act(action))
                returns[episode] += self.world.reward(asked[episode], float(reward), info)
                steps[episode] += 1
                seen[episode] = self.world.observe(at, places[episode])
                over.append(ended or late)
            alive = alive[~np.array(over)]
        return Deeds(returns, steps)


def shown(world: World, ranges: Ranges, task: int, most: int, from_end: bool = True) -> Ids:
    """A demonstration of a task as at most `most` tokens in whole timesteps, from the end of an episode or its beginning.

    It is the longest that fits of those without a mistake, where there are such.
    """
    made = demonstrate(world, PROMPT_SEED, 400)
    width = len(world.observation) + 2
    numbers = [number for number in range(len(made.tasks)) if made.tasks[number] == task]
    wrong = np.bincount(made.episode, made.actions != made.advice, len(made.tasks))
    numbers = [number for number in numbers if not wrong[number]] or numbers
    lengths = {number: int((made.episode == number).sum()) for number in numbers}
    fits = [number for number in numbers if lengths[number] * width <= most]
    picked = max(fits, key=lambda number: lengths[number]) if fits else min(numbers, key=lambda number: lengths[number])
    rows = np.flatnonzero(made.episode == picked)
    rows = rows[-(most // width) :] if from_end else rows[: most // width]
    columns = [ranges.encode(kind, made.observations[rows, at]) for at, kind in enumerate(world.observation)]
    done = ranges.encode(world.action, made.actions[rows])
    return np.stack([*columns, np.full(len(rows), ranges.separator), done], axis=1).ravel()


def compared(world: World, seeds: Sequence[int], tasks: Sequence[int] | None = None) -> tuple[Deeds, Deeds]:
    """What the expert makes of these seeds, and what chance does."""
    found = []
    for expert in (True, False):
        returns, steps = np.zeros(len(seeds)), np.zeros(len(seeds), np.int64)
        for at, seed in enumerate(seeds):
            place, task, rng = world.make(), tasks[at] if tasks is not None else 0, np.random.default_rng(seed)
            seen = world.observe(place.reset(seed=seed)[0], place)
            over = False
            while not over:
                action = float(world.expert(seen[None], task)[0]) if expert else world.random(rng)
                after, reward, ended, late, info = place.step(world.act(action))
                seen, over = world.observe(after, place), ended or late
                returns[at] += world.reward(task, float(reward), info)
                steps[at] += 1
        found.append(Deeds(returns, steps))
    return found[0], found[1]


def chosen(logits: Tensor, choice: Choice, generator: torch.Generator, temperature: float = 1.0) -> Tensor:
    """One of the last axis each (row,): the likeliest, or drawn by chance."""
    if choice == "best":
        return logits.argmax(dim=-1)
    shares = (logits / temperature).softmax(dim=-1).cpu()
    return torch.multinomial(shares, 1, generator=generator)[:, 0]
