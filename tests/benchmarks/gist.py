"""Gist tokens at 26x: positive control, gist and negative control, three seeds; what a cached gist saves; speed of a KV cache."""

import argparse
import json
import os
import statistics
import time

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from playground.data.tasks.instructions import Instructions
from playground.data.tasks.phrases import WORDS
from playground.spec import edit
from playground.spec.check import parse
from playground.spec.experiment import Experiment
from playground.spec.gist_cost import PAPER_LENGTHS, WAYS, costs, saved
from playground.training.device import set_threads
from playground.training.run import Run
from playground.transformer.generate import generate
from playground.transformer.gist import compressed, seconds
from playground.transformer.model import Transformer, build
from playground.transformer.taps import Taps

TASK = Instructions()
STEPS = {"positive": 450, "gist": 800, "negative": 250}
TESTED = 2000
"""Questions of each split."""

LAYER = {
    "norm": {"kind": "layer", "place": "pre"},
    "attention": {"heads": 4, "bias": False},
    "mlp": {"d_mlp": 256, "activation": "gelu", "bias": False},
}
INIT = {"std": 0.02, "fan_in": True, "embedding_factor": 25.0, "depth_scaled": True}
TRAINING = {
    "batch": 128, "optimiser": "muon", "muon_lr": 0.02, "momentum": 0.95, "lr": 5e-3, "lr_min": 0.0, "schedule": "wsd",
    "decay_share": 0.4, "warmup": 20, "beta1": 0.9, "beta2": 0.95, "weight_decay": 0.1, "clip": 0.0, "precision": "auto",
    "validate_every": 1_000_000,
}  # fmt: skip


def experiment(mask: str, k: int = 1, seed: int = 0, both: bool = False) -> Experiment:
    """One of the three runs, for a decoder alone or an encoder-decoder."""
    model = {"d_model": 64, "n_ctx": 40 + k, "gist": {"mask": mask, "tokens": k}, "unembedding": {"tied": False}, "init": INIT}
    if both:
        read = LAYER | {"attention": LAYER["attention"] | {"mask": "bidirectional"}}
        model |= {
            "encoder": [read] * 3,
            "encoder_norm": {"kind": "layer"},
            "decoder": [LAYER | {"cross": LAYER["attention"]}] * 2,
        }
    else:
        model |= {"decoder": [LAYER] * 4}
    task = {"kind": "instructions", "examples": 100_000, "word_drop": 0.1}
    return parse({"model": model, "task": task, "training": TRAINING | {"steps": STEPS[mask]}, "seed": seed})


def trained(run: Run) -> Run:
    for report in run.trainer.steps():
        if report.step >= run.experiment.training.steps:
            break
    return run


@torch.no_grad()
def exact(run: Run, split: str) -> float:
    """The share of fresh questions of a split that are answered without a mistake, each token after the right ones so far."""
    rng, k = np.random.default_rng(10_000), run.experiment.model.gist.tokens
    pairs = [TASK.of_split(split, rng) for _ in range(TESTED)]
    gist = [run.experiment.model.gist_token] * k
    asked = torch.tensor([[*pair.source[:WORDS], *gist, *pair.source[WORDS:]] for pair in pairs])
    said = torch.tensor([[*pair.target, TASK.eos] for pair in pairs])
    begun = torch.cat((torch.full((TESTED, 1), TASK.bos), said[:, :-1]), dim=1)
    model = run.trainer.model.eval()
    if run.experiment.model.encoder:
        logits = model(begun, context=asked)
    else:
        logits = model(torch.cat((asked, begun), dim=1))[:, asked.shape[1] :]
    return (logits.argmax(-1) == said).all(dim=1).float().mean().item()


def three_runs(seed: int, k: int, both: bool) -> dict[str, float]:
    """Positive control, gist from it, negative control."""
    begun, worked = time.perf_counter(), time.process_time()
    positive = trained(Run.fresh(experiment("positive", k, seed, both), device="cpu"))
    found = {f"positive_{split}".removesuffix("_seen"): exact(positive, split) for split in TASK.splits}
    gist = edit.replaced_all(positive.experiment, [("model.gist.mask", "gist"), ("training.steps", STEPS["gist"])])
    made = trained(positive.stage(gist))
    found |= {f"gist_{split}": exact(made, split) for split in TASK.splits}
    found["negative"] = exact(trained(Run.fresh(experiment("negative", k, seed, both), device="cpu")), "seen")
    return found | {"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - worked}


def larger(n_ctx: int, gist: str = "none") -> Transformer:
    """A decoder of 6 layers and width 384 with random weights, in which matrix products and not Python decide the time."""
    layer = {"attention": {"heads": 6, "bias": False}, "mlp": {"d_mlp": 1536, "bias": False}}
    model = {"d_model": 384, "n_ctx": n_ctx, "vocab": 1024, "decoder": [layer] * 6, "gist": {"mask": gist}}
    kind = "instructions" if gist != "none" else "text"
    return build(parse({"model": model, "task": {"kind": kind}}).model, 0).requires_grad_(False).eval()


def savings() -> dict[str, object]:
    """What a cached gist saves at the paper's lengths: FLOPs counted from the spec and by torch, seconds, bytes."""
    prompt, rest = PAPER_LENGTHS
    model = larger(prompt + rest + 1, "gist")
    told = [*range(prompt - 1), model.spec.gist_token]  # the gist token is one of the prompt's, as they count it
    behind = torch.arange(rest)[None]
    kept, whole = compressed(model, told), torch.cat((torch.tensor([told]), behind), dim=1)
    counted = []
    for work in (lambda taps: model(whole, taps=taps), lambda taps: model(behind, cache=kept.repeated(1), taps=taps)):
        with FlopCounterMode(display=False) as counter:
            work(Taps([f"decoder.{layer}.pattern" for layer in range(6)]))  # products, which are counted, not a kernel
        counted.append(counter.get_total_flops())
    found, taken = costs(model.spec, prompt, 1, rest), seconds(model, told, behind[0].tolist(), rounds=40)
    return {
        "flops_saved": round(saved(model.spec, prompt, 1, rest), 4),
        "flops_saved_measured": round(1 - counted[1] / counted[0], 4),
        "flops_saved_against_cached_prompt": round(saved(model.spec, prompt, 1, rest, "prompt"), 4),
        "ways": {way: {**vars(found[way]), "seconds": round(taken[way], 5)} for way in WAYS},
        "kv_bytes_exact": kept.nbytes == found["gist"].cache_bytes,
    }


def generation(count: int = 256) -> dict[str, object]:
    """How many times faster tokens come with a cache than without, the same ones."""
    model = larger(count + 1)
    start = time.perf_counter()
    quick = [token for token, _ in generate(model, [1], count, temperature=0.0)]
    between = time.perf_counter()
    text = [1]
    for _ in range(count):
        text.append(int(model(torch.tensor([text]))[0, -1].argmax()))
    end = time.perf_counter()
    return {"cache_speedup": round((end - between) / (between - start), 2), "cache_same_tokens": quick == text[1:]}


def spread(values: list[float]) -> dict[str, object]:
    digits = [round(value, 4) for value in values]
    return {"mean": round(statistics.mean(values), 4), "spread": round(max(values) - min(values), 4), "seeds": digits}


def main() -> None:
    """Train and measure all of it, or what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=1)
    parser.add_argument("--encoder-decoder", action="store_true")
    arguments = parser.parse_args()
    set_threads(1)
    rows = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        rows.append(three_runs(seed, arguments.tokens, arguments.encoder_decoder))
        if not arguments.json:
            print(seed, {name: round(value, 4) for name, value in rows[-1].items()}, flush=True)
    found: dict[str, object] = {name: spread([row[name] for row in rows]) for name in rows[0]}
    found |= {"best_guess": TASK.best_guess(), "compression": WORDS / arguments.tokens, "load": os.getloadavg()[0]}
    found |= savings() | generation()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
