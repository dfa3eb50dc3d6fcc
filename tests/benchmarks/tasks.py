"""What each architecture learns of the generated tasks: `score` and `seconds` of each; seeded, one task after the other."""

import argparse
import json
import time
from collections.abc import Iterator

import torch

from playground.data.batch import IGNORE
from playground.data.tasks import TASKS
from playground.places import model_folder
from playground.spec import toml
from playground.spec.check import parse
from playground.spec.experiment import Experiment
from playground.training.device import choose, choose_threads, set_threads
from playground.training.run import Run

ROTARY = {"kind": "rotary"}


def decoder(layers: int, width: int = 64, mlp: bool = True, **attention) -> dict:
    part = {"attention": {"heads": 4, "position": ROTARY, **attention}, "mlp": {"d_mlp": 4 * width} if mlp else None}
    return {"d_model": width, "embedding": {"position": {"kind": "none"}}, "decoder": [part] * layers}


def encoder(layers: int, width: int = 64, dropout: float = 0.0) -> dict:
    part = {"attention": {"heads": 4, "mask": "bidirectional", "dropout": dropout},
            "mlp": {"d_mlp": 4 * width, "dropout": dropout}}  # fmt: skip
    return {"d_model": width, "encoder": [part] * layers, "decoder": [], "embedding": {"dropout": dropout / 2}}


def both(layers: int, width: int = 64) -> dict:
    cross = {"attention": {"heads": 4}, "cross": {"heads": 4}, "mlp": {"d_mlp": 4 * width}}
    return encoder(layers, width) | {"decoder": [cross] * layers}


def experiment(kind: str, model: dict, steps: int, seed: int, batch: int = 64, lr: float = 3e-3, **more) -> Experiment:
    task = TASKS[kind]
    room = sum(task.longest()) + 2
    training = {"steps": steps, "batch": batch, "lr": lr, "lr_min": lr / 20, "warmup": 50, "validate_every": steps}
    data = {"model": {"n_ctx": room, **model}, "task": {"kind": kind, **more}, "training": training, "seed": seed}
    return parse(data)


def printed(name: str, kind: str, steps: int, seed: int) -> Experiment:
    """A preset with its settings as printed, on a generated task."""
    found = toml.load(model_folder(name) / "experiment.toml")
    training = found.training.model_copy(update={"steps": steps, "warmup": 100, "batch": 64, "validate_every": steps})
    task = found.task.model_copy(update={"kind": kind})
    return found.model_copy(update={"training": training, "task": task, "seed": seed})


def digits(seed: int) -> Experiment:
    """1,433 pictures are few: dropout, decay and averaged weights keep the encoder from learning them by heart."""
    made = experiment("digits-classify", encoder(2, dropout=0.2), 1200, seed, lr=2e-3)
    settings = {"average": "ema", "weight_decay": 0.3, "validation_windows": 364}
    return made.model_copy(update={"training": made.training.model_copy(update=settings)})


def learned(made: Experiment) -> Run:
    run = Run.fresh(made, device="cpu")
    for report in run.trainer.steps():
        if report.step == made.training.steps:
            break
    return run


def exact(made: Experiment) -> float:
    """The share of held-out questions answered without a mistake."""
    return float(learned(made).trainer.score or 0.0)


def sorts_everything(seed: int) -> float:
    """The share of all 729 inputs that are sorted without a mistake."""
    run = learned(experiment("sort", decoder(2), 600, seed))
    task, right = TASKS["sort"], 0
    pairs = list(task.everything() or ())
    rows = torch.tensor([[*pair.source, task.bos, *pair.target] for pair in pairs])
    run.trainer.model.eval()
    with torch.no_grad():
        said = run.trainer.model(rows).argmax(-1)[:, len(pairs[0].source) :]
    for pair, answer in zip(pairs, said.tolist(), strict=True):
        right += tuple(answer) == (*pair.target, task.eos)
    return right / len(pairs)


def second_half(layers: int, seed: int) -> float:
    """Nats per token of the second half of a repeat of 12, after training on periods 5 to 12."""
    run = learned(experiment("induction", decoder(layers, mlp=False), 1500, seed, lr=2e-3, examples=100_000))
    task, model = TASKS["induction"], run.trainer.model.eval()
    first = torch.randint(24, (500, 12), generator=torch.Generator().manual_seed(seed + 1))
    rows = torch.cat((torch.full((500, 1), task.bos), first, first), dim=1)
    with torch.no_grad():
        logits = model(rows[:, :-1])[:, 12:]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 13:].flatten()).item()


def masked_grammar(seed: int) -> float:
    """Loss on hidden words over the lowest that any model can have."""
    task = TASKS["grammar"]
    run = learned(experiment("grammar", encoder(2), 2000, seed, lr=2e-3, examples=100_000))
    loss, count = 0.0, 0
    run.trainer.model.eval()
    with torch.no_grad():
        for batch in run.trainer.batches.fixed(2000, 4096):
            logits = run.trainer.model(batch.tokens, **batch.reads).flatten(0, 1)
            loss += torch.nn.functional.cross_entropy(logits, batch.targets.flatten(), reduction="sum").item()
            count += int((batch.targets != IGNORE).sum())
    return loss / count / float(task.masked_floor(0.15) or 1.0)


def tasks(seed: int) -> Iterator[tuple[str, object]]:
    """Every task by name: a function that learns it and gives its score."""
    yield "sort", lambda: sorts_everything(seed)
    yield "reverse", lambda: exact(experiment("reverse", both(1), 1000, seed))
    yield "induction_two_layers", lambda: second_half(2, seed)
    yield "induction_one_layer", lambda: second_half(1, seed)
    yield "masked_grammar_over_entropy", lambda: masked_grammar(seed)
    yield "digits_classified", lambda: exact(digits(seed))
    yield "dates", lambda: exact(experiment("dates", both(2), 1200, seed, lr=2e-3))
    yield "edt", lambda: exact(printed("edt", "reverse", 800, seed))
    yield "bert", lambda: exact(printed("bert", "sort", 800, seed))
    yield "gpt_paper", lambda: exact(printed("gpt-paper", "sort", 600, seed))


def main() -> None:
    """Learn all of them, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    set_threads(choose_threads(choose("cpu"), busy_window=False))
    found = {}
    for name, learn in tasks(arguments.seed):
        if not arguments.names or name in arguments.names:
            start = time.perf_counter()
            score = learn()  # type: ignore[operator]
            found[name] = {"score": round(score, 4), "seconds": round(time.perf_counter() - start, 1)}
            if not arguments.json:
                print(name, found[name], flush=True)
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
