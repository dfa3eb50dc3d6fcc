"""Written code runs by itself, in a process without this project, and its logits are compared with our own model's."""

import subprocess
import sys

import torch
from safetensors.torch import load_file, save_file

from playground.interchange.code import code
from playground.transformer.model import build

ALONE = """
import importlib.util, json, sys
from pathlib import Path

sys.modules["playground"] = None  # whoever imports it fails
import torch
from safetensors.torch import load_file, save_file

torch.set_default_dtype(torch.float64)
for folder in sorted(Path(sys.argv[1]).iterdir()):
    about = importlib.util.spec_from_file_location("written", folder / "written.py")
    written = importlib.util.module_from_spec(about)
    about.loader.exec_module(written)
    torch.manual_seed(0)
    starts = written.Transformer().named_parameters()
    (folder / "starts.json").write_text(json.dumps({name: (p.mean().item(), p.std(correction=0).item()) for name, p in starts}))
    model, reads = written.load(folder / "model.safetensors"), load_file(folder / "reads.safetensors")
    with torch.no_grad():
        found = {"logits": model(**reads)}
        torch.manual_seed(0)
        found["training"] = model.train()(**reads)
    if hasattr(written, "generate"):
        found["text"] = torch.tensor(written.generate(model.eval(), reads["tokens"][0].tolist(), 5, temperature=1e-6))
    save_file(found, folder / "found.safetensors")
"""


def randomised(spec, seed=0):
    """A model none of whose weights is as it starts."""
    model = build(spec, seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model


def reads_of(spec, seed=0):
    """Tokens, and what else the architecture reads."""
    generator = torch.Generator().manual_seed(seed)
    length = max(1, spec.n_ctx - 1)
    made = {"tokens": torch.randint(spec.vocab, (2, length), generator=generator)}
    if spec.architecture == "encoder-decoder":
        made["context"] = torch.randint(spec.vocab, (2, spec.n_ctx), generator=generator)
    if any(layer.attention and layer.attention.mask == "prefix" for layer in spec.decoder):
        made["prefix"] = torch.randint(1, length + 1, (2,), generator=generator)
    if (about := spec.embedding.modalities) is not None:
        made["local"] = torch.randint(about.places + 2, (2, length), generator=generator)
        made["patches"] = torch.randn(3, about.colours, about.patch, about.patch, generator=generator)
        made["patch_at"] = torch.tensor([[0, 1], [1, 0], [1, length - 1]])
        made["patch_places"] = torch.randint(about.intervals, (3, 2), generator=generator)
    return made


def write(folder, spec, model=None):
    """A folder with the code, the weights as they are saved, and what the model shall read."""
    folder.mkdir()
    (folder / "written.py").write_text(code(spec, folder.name), encoding="utf-8")
    if model is not None:
        save_file({name: value.detach() for name, value in model.named_parameters()}, folder / "model.safetensors")
    save_file(reads_of(spec), folder / "reads.safetensors")


def run_alone(tmp_path, folder):
    script = tmp_path / "alone.py"
    script.write_text(ALONE)
    done = subprocess.run([sys.executable, "-I", str(script), str(folder)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def compared(tmp_path, specs):
    """Assert that the code of each spec gives the logits of our own model."""
    home = tmp_path / "written"
    home.mkdir()
    own = {}
    for index, spec in enumerate(specs):
        own[f"{index:03}"] = randomised(spec, index)
        write(home / f"{index:03}", spec, own[f"{index:03}"])
    run_alone(tmp_path, home)
    for name, model in own.items():
        found = load_file(home / name / "found.safetensors")
        with torch.no_grad():
            wanted = model(**reads_of(model.spec))
        assert found["logits"].shape == wanted.shape
        assert (found["logits"] - wanted).abs().max() <= 1e-6, (home / name / "written.py").read_text()
        if "text" in found:
            assert len(found["text"]) == reads_of(model.spec)["tokens"].shape[1] + 5
    return home
