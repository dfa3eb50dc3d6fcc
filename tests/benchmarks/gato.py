"""What one network makes of many domains, by acting: a key for each domain, and `parameters, seconds`; seeds by option."""

import argparse
import json
import time

import numpy as np
import torch

from playground.data.worlds import WORLDS
from playground.data.worlds.pictures import NAMES, halves
from playground.places import model_folder
from playground.spec import edit, toml
from playground.spec.experiment import Experiment
from playground.training.acting import Player, compared, shown
from playground.training.device import choose, choose_threads, set_threads
from playground.training.picturing import captioned, judged, painted
from playground.training.run import Run

EPISODES, FIRST = 50, 20_000_000
"""Episodes of each world, and the first of their seeds: beyond those of demonstrations, and none that was chosen by."""
EVERY_PAIR = [(x, y, a, b) for x in range(5) for y in range(5) for a in range(5) for b in range(5) if (x, y) != (a, b)]


def learned(experiment: Experiment) -> tuple[Run, float]:
    """A run at its end, and the seconds of training."""
    run = Run.fresh(experiment, device="cpu")
    start = time.perf_counter()
    for report in run.trainer.steps():
        if report.step >= experiment.training.steps:
            break
    return run, time.perf_counter() - start


def acted(run: Run, name: str, episodes: int, history: int | None, choice: str = "sample") -> dict[str, float]:
    """Mean and worst return, the share of what the expert has above chance, and for the grid every start and goal."""
    world, ranges, model = WORLDS[name], run.corpus.tokenizer.ranges, run.trainer.model
    seeds = range(FIRST, FIRST + episodes)
    player = Player(model, world, ranges, history=history, choice=choice)
    if name == "grid":
        deeds = player.play(range(len(EVERY_PAIR)), starts=np.array(EVERY_PAIR))
        shortest = np.array([abs(x - a) + abs(y - b) for x, y, a, b in EVERY_PAIR])
        return {"reached": float(deeds.returns.mean()), "shortest": float((deeds.steps == shortest).mean())}
    if name == "goals":
        return prompted(run, episodes)
    deeds, (expert, chance) = player.play(seeds), compared(world, seeds)
    share = (deeds.returns.mean() - chance.returns.mean()) / (expert.returns.mean() - chance.returns.mean())
    figures = {"return": deeds.returns.mean(), "worst": deeds.returns.min(), "expert": expert.returns.mean(),
               "expert_worst": expert.returns.min(), "chance": chance.returns.mean(), "share": share}  # fmt: skip
    return {key: round(float(value), 4) for key, value in figures.items()}


def prompted(run: Run, episodes: int) -> dict[str, float]:
    """Two tasks with the same observations: how often the one is done that a demonstration shows, and without one."""
    world, ranges, model = WORLDS["goals"], run.corpus.tokenizer.ranges, run.trainer.model
    seeds, found = range(FIRST, FIRST + episodes), {}
    for name, asked in (("prompted", True), ("unprompted", False)):
        returns = []
        for task in range(2):
            prompt = shown(world, ranges, task, (run.experiment.model.n_ctx + 1) // 2) if asked else None
            returns.append(Player(model, world, ranges, prompt=prompt).play(seeds, [task] * episodes).returns.mean())
        found[name] = float(np.mean(returns))
    return found


def named(run: Run) -> dict[str, float]:
    """The share of held-out pictures whose name is spelled rightly to the last letter."""
    _, _, pixels, labels = halves()
    tokenizer = run.corpus.tokenizer
    said = captioned(run.trainer.model, tokenizer.ranges, tokenizer.inner, pixels)
    return {"right": float(np.mean([name == NAMES[label] for name, label in zip(said, labels, strict=True)]))}


def pictured(run: Run, each: int = 20) -> dict[str, float]:
    """The share of paintings that an independent classifier reads rightly, how many differ, and how many are copies."""
    labels, tokenizer = np.repeat(np.arange(10), each), run.corpus.tokenizer
    pixels = painted(run.trainer.model, tokenizer.ranges, tokenizer.inner, [NAMES[label] for label in labels])
    gallery = judged(pixels, labels)
    return {"right": gallery.right, "different": gallery.different, "of": len(labels), "copies": gallery.copies}


def read(run: Run, alone: bool) -> dict[str, float]:
    """Nats a character of the text, and, where asked for, those of a model of the same rows and steps that reads nothing else."""
    run.trainer.validate()
    figures = {"loss": run.trainer.by_domain["text"]}
    if alone:
        experiment, share = run.experiment, run.experiment.task.domains.share
        total = sum(getattr(share, name) for name in type(share).model_fields)
        rows = round(experiment.training.batch * share.text / total)
        only = type(share)(**{name: float(name == "text") for name in type(share).model_fields})
        made = edit.replaced_all(experiment, (("task.domains.share", only), ("training.batch", rows)))
        other = learned(made)[0].trainer
        other.validate()
        figures |= {"alone": other.by_domain["text"], "over": figures["loss"] / other.by_domain["text"] - 1}
    return figures


def measured(
    name: str, seed: int, steps: int | None, episodes: int, history: int | None, alone: bool, choice: str
) -> dict[str, object]:
    """Everything that one trained network can do."""
    experiment = edit.replaced(toml.load(model_folder(name) / "experiment.toml"), "seed", seed)
    if steps is not None:
        experiment = edit.replaced(experiment, "training.steps", steps)
    run, seconds = learned(experiment)
    run.trainer.model.eval()
    share = experiment.task.domains.share
    found: dict[str, object] = {}
    for domain in type(share).model_fields:
        if getattr(share, domain):
            made = {"text": lambda: read(run, alone), "captions": lambda: named(run), "paint": lambda: pictured(run)}
            found[domain] = made[domain]() if domain in made else acted(run, domain, episodes, history, choice)
    parameters = sum(weight.numel() for weight in run.trainer.model.parameters())
    return {**found, "parameters": parameters, "seconds": round(seconds, 1), "seed": seed}


def main() -> None:
    """Train and measure one network for each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="gato")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int)
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--history", type=int, help="timesteps that the network sees when it acts; all that fit without")
    parser.add_argument("--choice", choices=("sample", "best"), default="sample", help="how actions are taken")
    parser.add_argument("--no-text-alone", action="store_true", help="do not train a second network on the text only")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    set_threads(given.threads or choose_threads(choose("cpu"), busy_window=False))
    runs = []
    for seed in given.seeds:
        runs.append(
            measured(given.model, seed, given.steps, given.episodes, given.history, not given.no_text_alone, given.choice)
        )
        if not given.json:
            print(json.dumps(runs[-1]), flush=True)
    if given.json:
        print(json.dumps(combined(runs)))


def combined(runs: list[dict]) -> dict[str, object]:
    """Mean and spread (largest less smallest) over the seeds, of every figure."""
    found: dict[str, object] = {"seeds": [run["seed"] for run in runs], "parameters": runs[0]["parameters"]}
    found["seconds"] = [run["seconds"] for run in runs]
    for domain, figures in runs[0].items():
        if isinstance(figures, dict):
            columns = {key: [run[domain][key] for run in runs] for key in figures}
            found[domain] = {key: {"mean": round(float(np.mean(values)), 4), "spread": round(float(np.ptp(values)), 4)}
                             for key, values in columns.items()}  # fmt: skip
    return found


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
