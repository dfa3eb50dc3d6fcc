"""The class of the whole model: what stands at its two ends, its stacks, and how its weights start."""

from __future__ import annotations

from playground.interchange.code_layers import Layers
from playground.interchange.code_lines import Kind, number
from playground.interchange.code_modal import settings
from playground.interchange.code_parts import Parts, norms_of
from playground.spec.model import ModelSpec, branches

_ALGORITHMS = {
    "decoder-only": "DTransformer (Algorithm 10): each token expects the next one",
    "encoder-only": "ETransformer (Algorithm 9): reads a whole text and fills the blanks in it",
    "encoder-decoder": "EDTransformer (Algorithm 8): an encoder reads a context, a decoder writes the answer",
}
_OUT = {"attention": "attention.out.weight", "cross": "cross.out.weight", "mlp": "down.weight"}
"""How the names of the projections back into the residual stream end."""

SENSES = ", local: Tensor | None = None" + "".join(f", {name}: Tensor | None = None" for name in (
    "patches", "patch_at", "patch_places",
))  # fmt: skip
"""What a multi-domain model reads beside tokens."""

TRANSFORMER = '''
class Transformer(nn.Module):
    """$algorithm."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocab, d_model)  # Algorithm 1
        self.position = nn.Embedding(n_ctx, d_model)  # Algorithm 2  #? learned
        self.embed_norm = $embed_norm  #? embed_norm
        self.encoder = $encoder  #? encoder
        self.encoder_norm = $encoder_norm  #? encoder_norm
        self.decoder = $decoder  #? decoder
        self.hidden = nn.Linear(d_model, $width)  #? hidden
        self.norm = $norm  #? norm
        self.unembed = nn.Linear($width, vocab$bias)  # Algorithm 7
        self.unembed.weight = self.embed.weight  # one matrix reads tokens in and out  #? tied
        self.local = nn.Embedding($local, d_model, padding_idx=0)  # places in a timestep; the last is an action's  #? modal
        self.patches = PatchEncoder()  #? modal
        for name, parameter in self.named_parameters():  # how training starts
            std = parameter.shape[-1] ** -0.5  # what comes out is as large as what goes in  #? fan_in
            std = $usual  #? own_std and not fan_in
            std = $usual if name.endswith(("unembed.weight", "distance.weight")) else std  #? fan_in
            std = $embedding_std if name.startswith(("embed.", "position.")) else std  #? own_std
            if name.endswith($outs):  #? outs
                nn.init.normal_(parameter, std=$std / math.sqrt($branches))  # GPT-2: less, the deeper  #? deep
                nn.init.zeros_(parameter)  # every layer begins as the identity  #? zero_out
            elif parameter.dim() > 1:  #? outs
            if parameter.dim() > 1:  #? not outs
                nn.init.normal_(parameter, std=$std)
            elif name.endswith("bias"):  #? biased
                nn.init.zeros_(parameter)  #? biased
        nn.init.normal_(self.embed.weight, std=$tokens)  #? tables
        nn.init.normal_(self.position.weight, std=$tokens)  #? tables and learned
        nn.init.normal_(self.local.weight, std=$tokens)  #? tables and modal
        nn.init.normal_(self.patches.row.weight, std=$tokens)  #? tables and modal
        nn.init.normal_(self.patches.column.weight, std=$tokens)  #? tables and modal
        nn.init.zeros_(self.unembed.weight)  # every token is equally likely at first  #? zero_head
        with torch.no_grad():  #? modal
            self.local.weight[0] = 0.0  # no place  #? modal
            self.embed.weight[-$bins - 2 : -2] = waves($bins) * $scale  #? fourier
  #? both
    def embedded(self, tokens: Tensor) -> Tensor:  #? both
        """Tokens (batch, pos) as vectors (batch, pos, d_model); encoder and decoder share them."""  #? both
        x = self.embed(tokens)$root  #? both
        x = x + self.position.weight[: tokens.shape[1]]  #? both and learned
        x = x + sinusoids(tokens.shape[1]).to(x)  #? both and sinusoidal
        x = self.embed_norm(x)  #? both and embed_norm
        x = F.dropout(x, $dropout, self.training)  #? both and dropout
        return x  #? both
  #? both
    def encode(self, context: Tensor) -> Tensor:  #? both
        """What the encoder makes of a context (batch, context): the memory (batch, context, d_model)."""  #? both
        x = self.embedded(context)  #? both
        hidden, _ = gist_hidden(context)  #? both and gisted
        for layer in self.encoder:  #? both
            x = layer(x)  #? both and not gisted
            x = layer(x, hidden)  #? both and gisted
        x = self.encoder_norm(x)  #? encoder_norm
        return x  #? both

    def forward(self, tokens: Tensor$asked) -> Tensor:
        """Logits (batch, pos, vocab) of tokens (batch, pos)$reads."""
        if prefix is None:  # how many tokens of each sequence see one another: (batch,)  #? prefixed
            prefix = torch.zeros_like(tokens[:, 0])  #? prefixed
        x = self.embedded(tokens)  #? both
        memory = self.encode(context)  #? both
        _, unseen = gist_hidden(context)  #? both and gisted
        hidden, _ = gist_hidden(tokens)  #? not both and gisted
        x = self.embed(tokens)$root  # (batch, pos, d_model)  #? not both
        if patches is not None:  # they stand in place of the tokens patch_at (n, 2: row, pos)  #? modal
            made = self.patches(patches, patch_places)  #? modal
            x = x.index_put((patch_at[:, 0], patch_at[:, 1]), made)  #? modal
        if local is not None:  # the place of each token in its timestep, (batch, pos)  #? modal
            x = x + self.local(local)  #? modal
        x = x + self.position.weight[: tokens.shape[1]]  #? not both and learned
        x = x + sinusoids(tokens.shape[1]).to(x)  #? not both and sinusoidal
        x = self.embed_norm(x)  #? not both and embed_norm
        x = F.dropout(x, $dropout, self.training)  #? not both and dropout
        for layer in self.$stack:
            x = layer(x$given)
        x = F.gelu(self.hidden(x))  #? hidden
        x = self.norm(x)  #? norm
        x = x / math.sqrt(d_model)  #? root_out
        logits = self.unembed(x)
        logits = $cap * torch.tanh(logits / $cap)  # bent, to stay below the cap  #? cap
        return logits
'''


def transformer(parts: Parts, layers: Layers) -> Kind:
    """The class of the whole model, from its parts."""
    spec = parts.spec
    start, end, both = spec.embedding, spec.unembedding, spec.architecture == "encoder-decoder"
    flags = {
        "both": both,
        "prefixed": parts.prefixed,
        "gisted": parts.gisted,
        "encoder": bool(spec.encoder),
        "decoder": bool(spec.decoder),
        "learned": start.position.kind == "learned",
        "sinusoidal": start.position.kind.startswith("sinusoidal"),
        "embed_norm": start.norm.kind != "none",
        "dropout": start.dropout > 0,
        "encoder_norm": both and spec.encoder_norm.kind != "none",
        "hidden": end.hidden is not None,
        "norm": end.norm.kind != "none",
        "root_out": end.scale == "root",
        "cap": end.soft_cap > 0,
        "tied": end.tied,
        "outs": spec.init.zero_out or spec.init.depth_scaled,
        "zero_out": spec.init.zero_out,
        "deep": spec.init.depth_scaled and not spec.init.zero_out,
        "own_std": _own_std(spec),
        "fan_in": spec.init.fan_in,
        "biased": _biased(spec),
        "modal": spec.multi_domain,
        "tables": spec.init.tokens > 0,
        "zero_head": spec.init.zero_head and not end.tied,
        "fourier": _fourier(spec),
    }
    return Kind("Transformer", TRANSFORMER, [{}], flags, {**_ends(parts), **_between(parts, layers), **_starts(spec)})


def _ends(parts: Parts) -> dict[str, str]:
    """Tokens into vectors, and vectors into logits."""
    start, end, spec = parts.spec.embedding, parts.spec.unembedding, parts.spec
    width = "d_model" if end.hidden in (None, spec.d_model) else str(end.hidden)
    return {
        "root": " * math.sqrt(d_model)" if start.scale == "root" else "",
        "embed_norm": parts.norm(start.norm),
        "dropout": number(start.dropout),
        "width": width,
        "norm": parts.norm(end.norm, width),
        "bias": "" if end.bias else ", bias=False",
        "cap": number(end.soft_cap),
    }


def _between(parts: Parts, layers: Layers) -> dict[str, str]:
    """The stacks, and what they are given to read."""
    spec, both = parts.spec, parts.spec.architecture == "encoder-decoder"
    return {
        "algorithm": _ALGORITHMS[spec.architecture],
        **{stack: layers.stack(stack) for stack in spec.stacks},
        "encoder_norm": parts.norm(spec.encoder_norm) if both else "",
        "stack": "decoder" if spec.decoder else "encoder",
        "asked": (", context: Tensor" if both else "")
        + (SENSES if spec.multi_domain else "")
        + (", prefix: Tensor | None = None" if parts.prefixed else ""),
        "reads": " that answer a context (batch, context)" if both else "",
        "given": (", memory" if both else "")
        + (", prefix" if parts.prefixed else "")
        + ("" if not parts.gisted else ", unseen" if both else ", hidden"),
    }


def _starts(spec: ModelSpec) -> dict[str, str]:
    """The weights before training."""
    init, names = spec.init, [name for layers in spec.stacks.values() for layer in layers for name, _ in branches(layer)]
    outs = [f'"{ending}"' for name, ending in _OUT.items() if name in names]
    return {
        "std": "std" if _own_std(spec) else number(init.std),
        "usual": number(init.std),
        "embedding_std": number(init.std * init.embedding_factor),
        "branches": str(len(names)),
        "tokens": number(spec.init.tokens),
        "scale": number(spec.init.tokens or spec.init.std),
        **settings(spec),
        "outs": outs[0] if len(outs) == 1 else f"({', '.join(outs)})",
    }


def _own_std(spec: ModelSpec) -> bool:
    """Whether not all matrices start alike."""
    return spec.init.fan_in or spec.init.embedding_factor != 1.0


def _fourier(spec: ModelSpec) -> bool:
    """Whether bins start as waves."""
    about = spec.embedding.modalities
    return about is not None and about.fourier and about.bins + 2 <= spec.vocab


def _biased(spec: ModelSpec) -> bool:
    """Whether anything has an offset."""
    parts = [branch for layers in spec.stacks.values() for layer in layers for _, branch in branches(layer)]
    ends = spec.unembedding.bias or spec.unembedding.hidden is not None
    ends = ends or spec.multi_domain
    return ends or any(part.bias for part in parts) or any(norm.kind == "layer" and norm.bias for norm in norms_of(spec))
