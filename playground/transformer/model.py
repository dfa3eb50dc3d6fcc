"""The whole model, built from its spec: EDTransformer, ETransformer and DTransformer (Algorithms 8, 9, 10) and their kin."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.spec.check import SpecError, check
from playground.spec.model import Init, ModelSpec, branches
from playground.transformer.cache import KVCache
from playground.transformer.gisting import GistMask, make_mask
from playground.transformer.layer import Layer, Memory, Stack
from playground.transformer.modal import BEHIND, PatchEncoder, local_positions, waves
from playground.transformer.norm import make_norm
from playground.transformer.position import make_position
from playground.transformer.sight import Sight
from playground.transformer.taps import Edit, Taps

TABLES = ("embed.weight", "position.weight", "local.weight", "patches.row.weight", "patches.column.weight")
"""The tables of vectors that are added to the stream before the first layer."""
OUT = ("attention.out.weight", "cross.out.weight", "down.weight")
"""How the names of the projections back into the residual stream end."""


Senses = tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]
"""Local positions, patches, where those stand, and where they lie on their images."""


class Transformer(nn.Module):
    """Tokens in, logits out. Which architecture it is follows from the spec alone."""

    def __init__(self, spec: ModelSpec) -> None:
        problems = list(check(spec))
        if problems:
            raise SpecError(problems)
        super().__init__()
        self.spec = spec
        self.edits: Mapping[str, Edit] = {}
        """Interventions in force, by tap point."""
        self.embed = nn.Embedding(spec.vocab, spec.d_model)  # Algorithm 1; shared by encoder and decoder
        self.position = make_position(spec.embedding.position, spec.n_ctx, spec.d_model)  # Algorithm 2
        about = spec.embedding.modalities
        self.local = local_positions(about, spec.d_model) if about is not None else None
        self.patches = PatchEncoder(about, spec.d_model) if about is not None else None
        self.embed_norm = make_norm(spec.embedding.norm, spec.d_model)
        self.encoder = Stack(spec, spec.encoder, "encoder")
        self.encoder_norm = make_norm(spec.encoder_norm, spec.d_model) if spec.encoder and spec.decoder else nn.Identity()
        self.decoder = Stack(spec, spec.decoder, "decoder")
        end = spec.unembedding
        width = end.hidden if end.hidden is not None else spec.d_model
        self.hidden = nn.Linear(spec.d_model, width) if end.hidden is not None else None  # Algorithm 9, line 9
        self.norm = make_norm(end.norm, width)
        self.unembed = nn.Linear(width, spec.vocab, bias=end.bias)  # Algorithm 7
        if end.tied:
            self.unembed.weight = self.embed.weight

    def forward(
        self,
        tokens: Tensor,
        *,
        context: Tensor | None = None,
        lengths: Tensor | None = None,
        context_lengths: Tensor | None = None,
        prefix: Tensor | None = None,
        taps: Taps | None = None,
        cache: KVCache | None = None,
        source: KVCache | None = None,
        local: Tensor | None = None,
        segments: Tensor | None = None,
        patches: Tensor | None = None,
        patch_at: Tensor | None = None,
        patch_places: Tensor | None = None,
    ) -> Tensor:
        """Logits (batch, pos, vocab) of tokens (batch, pos); an encoder-decoder also reads `context` (batch, context).

        `lengths` and `context_lengths` (batch,) say how many tokens of each sequence are real, `prefix` (batch,) how many
        see each other in prefix masks. With a cache, `tokens` holds only the new ones, and the context is read once.
        A `source` is the cache of an encoder that has read the beginning of the context; `context` is then the rest of it.
        A multi-domain model takes `local` (batch, pos), the place of each token in its timestep or 0, and `patches`
        (n, colours, side, side), which stand in place of the tokens `patch_at` (n, 2: row, pos) and lie at the intervals
        `patch_places` (n, 2) of their images. With `segments` (batch, pos) tokens see only those of their own segment.
        Raises ValueError where a sequence would be longer than n_ctx, or an encoder-decoder has nothing to read.
        """
        taps = self._with_edits(taps)
        start, length = cache.length if cache is not None else 0, tokens.shape[1]
        gist = None if self.spec.architecture == "encoder-decoder" else self._gist(tokens, cache)
        sight = Sight(start, lengths, prefix, gist, cache.first if cache is not None else 0, segments)
        x = self._embedded(tokens, start, taps, senses=(local, patches, patch_at, patch_places))
        if not self.spec.decoder:
            x = self.encoder(x, sight, None, taps, cache)
        else:
            memory = self._memory(context, context_lengths, taps, cache, source)
            x = self.decoder(x, sight, memory, taps, cache)
        if cache is not None:
            cache.advance(length)
        return self.read_out(x, taps)

    def encode(
        self, context: Tensor, lengths: Tensor | None = None, taps: Taps | None = None, cache: KVCache | None = None
    ) -> Memory:
        """What the encoder makes of a context (batch, context), Algorithm 8, lines 1 to 7; its values are (…, d_model).

        With a cache `context` holds only the new tokens, and what comes out is of all whose keys and values are kept.
        """
        taps = self._with_edits(taps)
        gist, start = self._gist(context, cache), cache.length if cache is not None else 0
        sight = Sight(start, lengths, gist=gist, first=cache.first if cache is not None else 0)
        x = self._embedded(context, start, taps, "context")
        made: Tensor = self.encoder_norm(self.encoder(x, sight, None, taps, cache))
        if cache is not None:
            cache.advance(context.shape[1])
            cache.memory = made = made if cache.memory is None else torch.cat((cache.memory, made), dim=1)
        real = lengths if lengths is None or cache is None else lengths - cache.first
        return Memory(made if taps is None else taps("memory", made), real, gist)

    def _with_edits(self, taps: Taps | None) -> Taps | None:
        if self.edits:
            taps = taps if taps is not None else Taps()
            taps.standing = self.edits
        return taps

    def take_dropout(self, spec: ModelSpec) -> None:
        """Use the dropout of a spec that is otherwise the same (a hot change)."""
        self.spec = spec
        for stack, layers in ((self.encoder, spec.encoder), (self.decoder, spec.decoder)):
            for layer, record in zip(stack, layers, strict=True):
                assert isinstance(layer, Layer)
                layer.take_dropout(record)

    def _memory(
        self, context: Tensor | None, lengths: Tensor | None, taps: Taps | None, cache: KVCache | None,
        source: KVCache | None,
    ) -> Memory | None:  # fmt: skip
        if not self.spec.encoder:
            return None
        if cache is not None and cache.length:
            return Memory(None, lengths, cache.gist)
        if context is None or not context.shape[1]:
            raise ValueError("an encoder-decoder reads a context as well; there is none")
        memory = self.encode(context, lengths, taps, source)
        if cache is not None:
            cache.gist = memory.gist
        return memory

    def _gist(self, tokens: Tensor, cache: KVCache | None) -> GistMask | None:
        """What gist tokens among these, and those before them, hide."""
        made = make_mask(self.spec.gist.mask, self.spec.gist_token, tokens)
        return made if cache is None else cache.mark(made)

    def _embedded(
        self, tokens: Tensor, start: int, taps: Taps | None, context: str = "", senses: Senses = (None,) * 4
    ) -> Tensor:
        """Lines 2 and 3 of Algorithm 10: vectors (batch, pos, d_model) of tokens (batch, pos) whose first place is `start`."""
        length, end = tokens.shape[1], self.spec.embedding
        if start + length > self.spec.n_ctx:
            raise ValueError(f"{start + length} tokens do not fit into a context of {self.spec.n_ctx}")
        x: Tensor = self.embed(tokens)
        if end.scale == "root":
            x = x * math.sqrt(self.spec.d_model)
        local, patches, at, places = senses
        if patches is not None and at is not None and places is not None and self.patches is not None and len(patches):
            x = x.index_put((at[:, 0], at[:, 1]), self.patches(patches, places).to(x.dtype))
        if local is not None and self.local is not None:
            x = x + self.local(local)
        if self.position is not None:
            x = x + self.position(start, length)
        x = self.embed_norm(x)
        if end.dropout and self.training:
            x = F.dropout(x, end.dropout)
        return x if taps is None else taps("context_embed" if context else "embed", x)

    def read_out(self, x: Tensor, taps: Taps | None = None) -> Tensor:
        """Logits (…, vocab) of the residual stream (…, d_model): the last lines of Algorithms 8 to 10, before the softmax."""
        end = self.spec.unembedding
        if self.hidden is not None:
            x = F.gelu(self.hidden(x))
        x = self.norm(x)
        if end.scale == "root":
            x = x / math.sqrt(self.spec.d_model)
        if taps is not None:
            x = taps("final", x)
        logits: Tensor = self.unembed(x)
        if end.soft_cap:
            logits = end.soft_cap * torch.tanh(logits / end.soft_cap)
        return logits if taps is None else taps("logits", logits)


def build(spec: ModelSpec, seed: int) -> Transformer:
    """A model with starting weights from the seed; torch's own random states are left as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every accelerator as well
        model = Transformer(spec)
        _initialise(model)
    return model


@torch.no_grad()
def _initialise(model: Transformer) -> None:
    """Every matrix N(0, std), every offset 0; projections back into the residual stream are smaller, or zero, where asked."""
    init = model.spec.init
    count = sum(len(branches(layer)) for layers in model.spec.stacks.values() for layer in layers)
    depth = math.sqrt(max(1, count)) if init.depth_scaled else 1.0
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            std = _std(init, name, parameter)
            parameter.normal_(0.0, std if not name.endswith(OUT) else 0.0 if init.zero_out else std / depth)
        elif name.endswith("bias"):
            parameter.zero_()
    if init.tokens:
        for table in TABLES:
            if (found := dict(model.named_parameters()).get(table)) is not None:
                found.normal_(0.0, init.tokens)
    if init.zero_head and not model.spec.unembedding.tied:
        model.unembed.weight.zero_()
    about = model.spec.embedding.modalities
    if about is not None and model.local is not None:
        model.local.weight[0].zero_()
        if about.fourier and about.bins + BEHIND <= model.spec.vocab:
            first = model.spec.vocab - BEHIND - about.bins
            model.embed.weight[first : first + about.bins] = waves(about.bins, model.spec.d_model) * (init.tokens or init.std)


def _std(init: Init, name: str, matrix: Tensor) -> float:
    """The standard deviation of a matrix before the depth is looked at."""
    if name.startswith(("embed.", "position.")):
        return init.std * init.embedding_factor
    inside = init.fan_in and name != "unembed.weight" and not name.endswith("distance.weight")  # a table has no inputs
    return 1.0 / math.sqrt(matrix.shape[-1]) if inside else init.std
