"""A designed model as one PyTorch file that needs nothing of this project and holds nothing the model does not use."""

from __future__ import annotations

import textwrap

from playground.interchange import code_blocks, code_modal
from playground.interchange.code_layers import Layers
from playground.interchange.code_lines import Kind, number
from playground.interchange.code_model import transformer
from playground.interchange.code_page import WIDTH
from playground.interchange.code_parts import Parts
from playground.interchange.code_use import GENERATE, LOAD
from playground.spec.model import ModelSpec

_ABOUT = "Written by Transformer Playground; algorithms are those of Phuong & Hutter 2022, arxiv.org/abs/2207.09238."
_SIZES = {
    "d_model": "width of the residual stream",
    "n_ctx": "tokens the model sees at once",
    "vocab": "different tokens",
    "heads": "places each token can look at independently",
    "kv_heads": "heads that own keys and values",
    "d_head": "width of one head's queries, keys and values",
    "d_mlp": "neurons between the matrices of an MLP",
}
_IMPORTS = (
    ("math.", "import math"),
    ("Callable[", "from collections.abc import Callable"),
    ("Path(", "from pathlib import Path\n"),
    ("torch.", "import torch"),
    ("Tensor", "from torch import Tensor, nn"),
    ("F.", "from torch.nn import functional as F"),
)


def code(spec: ModelSpec, title: str = "") -> str:
    """The model as a Python file, as `ruff format` would leave it; it reads weights saved by this application.

    Its modules bear the names of ours, and its functions say which algorithm of Phuong & Hutter 2022 they are. Tokens of
    one batch are equally many: there is no padding. `title` is what the file calls the model.
    """
    parts = Parts(spec)
    layers = Layers(parts)
    kinds = [*parts.kinds, *layers.kinds.values(), *code_modal.patch_encoder(spec), transformer(parts, layers)]
    blocks = [*_functions(spec, parts), *("\n".join(kind.lines()) for kind in kinds if kind.rows)]
    if spec.architecture == "decoder-only":
        texts = {"prefix": ", prefix" if parts.prefixed else ""}
        blocks.append(_once(GENERATE, {"prefixed": parts.prefixed}, texts))
    body = "\n\n\n".join([*blocks, _once(LOAD, {"tied": spec.unembedding.tied})])
    imports = "\n".join(line for used, line in _IMPORTS if used in body)
    return f"{_header(spec, title)}\n\n{imports}\n\n{_constants(spec, parts)}\n\n\n{body}\n"


def _once(template: str, flags: dict[str, bool], texts: dict[str, str] | None = None) -> str:
    """A template without settings."""
    return "\n".join(Kind("", template, [{}], flags, texts).lines())


def _header(spec: ModelSpec, title: str) -> str:
    name = "".join(letter for letter in " ".join(title.split()) if letter.isprintable())
    name = name.replace("\\", "/").replace('"', "'")
    counts = [(len(layers), f"{stack} " if len(spec.stacks) > 1 else "") for stack, layers in spec.stacks.items()]
    count = " and ".join(f"{number} {stack}layer{'s' * (number > 1)}" for number, stack in counts)
    kind = f"{'an' if spec.encoder else 'a'} {spec.architecture} transformer of {count}, in plain PyTorch."
    said = f"{name}: {kind}" if name else kind[0].upper() + kind[1:]
    first = textwrap.fill(said, WIDTH - 3)
    return f'"""{first}\n\n{_ABOUT}\n"""'


def _constants(spec: ModelSpec, parts: Parts) -> str:
    sizes = {"d_model": spec.d_model, "n_ctx": spec.n_ctx, "vocab": spec.vocab, **parts.sizes}
    about = {**_SIZES, **{f"cross_{name}": f"{text}, in cross-attention" for name, text in _SIZES.items()}}
    return "\n".join(f"{name} = {value}  # {about[name]}" for name, value in sizes.items())


def _functions(spec: ModelSpec, parts: Parts) -> list[str]:
    """What has no weights."""
    found = ["\n".join(parts.slopes.lines())] if parts.slopes.rows else []
    position = spec.embedding.position
    if position.kind.startswith("sinusoidal"):
        paper = position.kind == "sinusoidal_paper"
        texts = {"base": "n_ctx" if paper else number(position.base)}
        found.append(_once(code_blocks.SINUSOIDS, {"paper": paper}, texts))
    if parts.gisted:
        found.append(_once(code_blocks.GIST_HIDDEN, {"negative": spec.gist.mask == "negative"}))
    about = spec.embedding.modalities
    if about is not None and about.fourier and about.bins + 2 <= spec.vocab:
        found.append(_once(code_modal.WAVES, {}))
    used = {layer.mlp.activation for layers in spec.stacks.values() for layer in layers if layer.mlp}
    found += [block.strip() for name, block in code_blocks.DEFINED.items() if name in used]
    return found
