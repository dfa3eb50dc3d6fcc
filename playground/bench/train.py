"""How fast the trainer is, beside a plain loop."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from playground.places import model_folder

ROUNDS, STEPS_A_ROUND = 9, 25


def measure() -> dict[str, float]:
    """Tokens a second of nanogpt-cpu in our trainer, beside a plain loop with the same threads; alternating rounds."""
    import torch

    from playground.plainloop import PlainLoop
    from playground.spec import toml
    from playground.training.device import choose, choose_threads, set_threads
    from playground.training.run import Run

    threads = choose_threads(choose("cpu"), busy_window=False)
    set_threads(threads)
    run = Run.fresh(toml.load(model_folder("nanogpt-cpu") / "experiment.toml"), device="cpu")
    training = run.experiment.training
    ours, plain = run.trainer.steps(), PlainLoop(run.corpus.train, run.corpus.tokenizer.vocab)
    per_step = training.batch * run.experiment.model.n_ctx
    fast, slow = [], []
    for turn in range(ROUNDS + 1):
        a = _rate(lambda: next(ours), STEPS_A_ROUND) * per_step
        b = _rate(plain.step, STEPS_A_ROUND) * per_step
        if turn:  # the first round warms up
            fast.append(a)
            slow.append(b)
    ratio = statistics.median(a / b for a, b in zip(fast, slow, strict=True))
    return {
        "tokens_per_s": round(statistics.median(fast), 1),
        "plain_tokens_per_s": round(statistics.median(slow), 1),
        "ratio": round(ratio, 4),
        "threads": torch.get_num_threads(),
    }


def _rate(step: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        step()
    return count / (time.perf_counter() - start)
