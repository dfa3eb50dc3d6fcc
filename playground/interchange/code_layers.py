"""Layers as classes of the written file: one class for each way in which branches and norms are wired."""

from __future__ import annotations

from dataclasses import dataclass

from playground.interchange.code_lines import Kind, Row, number
from playground.interchange.code_parts import Parts
from playground.spec.model import Layer, branches

_PLACES = {
    "none": "x + f(x)",
    "pre": "x + f(norm(x))",
    "post": "norm(x + f(x))",
    "sandwich": "x + norm(f(norm(x)))",
    "output": "x + norm(f(x))",
}
_NORMS = {"attention": "norm1", "cross": "norm_cross", "mlp": "norm2"}
_WORDS = {"attention": "attention", "cross": "cross-attention", "mlp": "an MLP"}


@dataclass(frozen=True)
class Wiring:
    """What layers of one class have in common: the norm and its place, the branches with their dropout, order and scale."""

    stack: str
    norm: str
    place: str
    order: str
    scale: float
    dropout: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, layer: Layer, stack: str, parts: Parts) -> Wiring:
        """The wiring of a layer; what makes no difference is left out of it."""
        dropout = tuple((name, branch.dropout) for name, branch in branches(layer))
        norm = parts.norm(layer.norm)
        shared = layer.order == "parallel_shared" and layer.attention is not None and layer.mlp is not None and norm
        order = "serial" if len(dropout) == 1 else "parallel_shared" if shared else layer.order.removesuffix("_shared")
        return cls(stack, norm, layer.norm.place if norm else "none", order, layer.branch_scale, dropout)

    @property
    def about(self) -> str:
        """What the class says about itself."""
        words = [_WORDS[name] for name, _ in self.dropout]
        text = " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
        side = " side by side" if self.order != "serial" else ""
        return f"{text[0].upper()}{text[1:]}{side} on the residual stream: {_PLACES[self.place]}."

    def norm_of(self, name: str) -> str:
        """The attribute that holds a branch's norm."""
        return "norm1" if self.order == "parallel_shared" and name == "mlp" else _NORMS[name]

    def template(self, parts: Parts) -> str:
        """The class, with `$attention`, `$cross` and `$mlp` where the parts are made."""
        decoder = self.stack == "decoder"
        memory = ", memory: Tensor" if decoder and parts.spec.encoder else ""
        prefix = ", prefix: Tensor" if decoder and parts.prefixed else ""
        gist = "" if not parts.gisted else ", unseen: Tensor" if memory else ", hidden: Tensor"
        return "\n".join((
            "class $name(nn.Module):",
            f'    """{self.about}"""',
            "",
            "    def __init__(self$arguments) -> None:",
            "        super().__init__()",
            *(f"        {line}" for line in self._made()),
            "",
            f"    def forward(self, x: Tensor{memory}{prefix}{gist}) -> Tensor:",
            '        """(batch, pos, d_model) to the same shape."""',
            *(f"        {line}" for line in self._wired(parts)),
        ))  # fmt: skip

    def _made(self) -> list[str]:
        made = []
        for name, _ in self.dropout:
            norm = self.norm_of(name)
            if self.norm and norm == _NORMS[name]:
                made.append(f"self.{norm} = {self.norm}")
            made.append(f"self.{name} = ${name}")
            if self.place == "sandwich":
                made.append(f"self.{norm}_out = {self.norm}")
        return made

    def _wired(self, parts: Parts) -> list[str]:
        names = [name for name, _ in self.dropout]
        if self.order == "serial":
            added = [self._added(name, parts) for name in names]
            return [*(f"x = {line}" for line in added[:-1]), f"return {added[-1]}"]
        shared = self.order == "parallel_shared"
        scale = "" if self.scale == 1 else f"{number(self.scale)} * "
        lines = ["read = self.norm1(x)  # by attention and MLP"] if shared else []
        lines += [f"{name} = {self._said(name, 'read' if shared and name != 'cross' else None, parts)}" for name in names]
        return [*lines, f"return x + {scale}({' + '.join(names)})" if scale else f"return x + {' + '.join(names)}"]

    def _said(self, name: str, read: str | None, parts: Parts) -> str:
        """What a branch brings, before it is scaled and added."""
        norm = self.norm_of(name)
        read = read or (f"self.{norm}(x)" if self.place in ("pre", "sandwich") else "x")
        reads = parts.gisted and not (self.stack == "decoder" and parts.spec.encoder)  # the instruction
        more = {
            "cross": ", memory, unseen" if parts.gisted else ", memory",
            "attention": (", prefix" if parts.prefixed and self.stack == "decoder" else "")
            + (", hidden=hidden" if reads else ""),
        }
        said = f"self.{name}({read}{more.get(name, '')})"
        if self.place in ("sandwich", "output"):
            said = f"self.{norm}{'_out' if self.place == 'sandwich' else ''}({said})"
        dropout = dict(self.dropout)[name]
        return f"F.dropout({said}, {number(dropout)}, self.training)" if dropout else said

    def _added(self, name: str, parts: Parts) -> str:
        scale = "" if self.scale == 1 else f"{number(self.scale)} * "
        line = f"x + {scale}{self._said(name, None, parts)}"
        return f"self.{self.norm_of(name)}({line})" if self.place == "post" else line


class Layers:
    """The layer classes of a model, and how its stacks are made of them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stacks = {
            stack: [(Wiring.of(layer, stack, parts), self._row(layer)) for layer in layers]
            for stack, layers in parts.spec.stacks.items()
        }
        self.kinds: dict[Wiring, Kind] = {}
        for stack, layers in self._stacks.items():
            wirings = list(dict.fromkeys(wiring for wiring, _ in layers))
            base = "Layer" if len(self._stacks) == 1 else f"{stack.capitalize()}Layer"
            for place, wiring in enumerate(wirings, start=1):
                name = base if len(wirings) == 1 else f"{base}{place}"
                rows = [row for other, row in layers if other == wiring]
                self.kinds[wiring] = Kind(name, wiring.template(parts), rows)

    def stack(self, name: str) -> str:
        """The text that makes a stack; equal neighbours are made in a loop."""
        runs: list[tuple[str, int]] = []
        for wiring, row in self._stacks[name]:
            made = self.kinds[wiring].call(row)
            if runs and runs[-1][0] == made:
                runs[-1] = (made, runs[-1][1] + 1)
            else:
                runs.append((made, 1))
        if len(runs) == 1 and runs[0][1] > 1:
            return f"nn.ModuleList({runs[0][0]} for _ in range({runs[0][1]}))"
        several = (made if count == 1 else f"*({made} for _ in range({count}))" for made, count in runs)
        return f"nn.ModuleList([{', '.join(several)}])"

    def _row(self, layer: Layer) -> Row:
        return {name: self._parts.branch(branch) for name, branch in branches(layer)}
