"""A gist in use: one instruction is compressed, many inputs are answered from its keys and values, and each way is measured."""

from __future__ import annotations

import torch

from playground.data.special import GIST, Marked
from playground.spec.gist_cost import WAYS, costs
from playground.transformer import gist
from playground.transformer.cache import KVCache
from playground.transformer.generate import generate
from playground.views.subject import Subject, at_rest
from playground.worker.commands import Compress
from playground.worker.gist_map import gist_map
from playground.worker.telling import GistTold, WayTold

ROUNDS = 12
"""Forward passes of each way whose median is told."""


def used(subject: Subject, command: Compress) -> GistTold:
    """Compress the instruction of a prompt and answer the inputs, or say why that cannot be."""
    tokenizer, spec = subject.corpus.tokenizer, subject.model.spec
    if spec.gist.mask != "gist" or not isinstance(tokenizer, Marked) or tokenizer.gist is None:
        return GistTold(subject.step, "This model answers from no gist tokens yet; press Gist and train on.")
    if command.map:
        with at_rest(subject.model):
            made = gist_map(subject)
        note = "" if made is not None else "There are too few instructions in the validation part for a map."
        return GistTold(subject.step, note, map=made)
    words, _, rest = command.prompt.rpartition(GIST) if GIST in command.prompt else (command.prompt, "", "")
    instruction = [int(i) for i in tokenizer.encode(words) if int(i) != tokenizer.gist]
    instruction += [tokenizer.gist] * spec.gist.tokens
    inputs = [text.strip() for text in (rest, *command.inputs) if text.strip()]
    asked = [[int(i) for i in tokenizer.encode(text)] for text in inputs]
    if len(instruction) == spec.gist.tokens:
        return GistTold(subject.step, "There is no instruction in the prompt to compress; write one before [gist].")
    if not asked:
        return GistTold(subject.step, "There is no input to answer; write one behind [gist], or below.")
    longest = max(len(row) for row in asked) + command.length + 1
    room = spec.n_ctx - len(instruction) - (0 if spec.architecture == "encoder-decoder" else longest)
    if room < 0:
        return GistTold(subject.step, f"Instruction and input are {-room} tokens too long for a context of {spec.n_ctx}.")
    with at_rest(subject.model):
        cache, whole = gist.compressed(subject.model, instruction), gist.read(subject.model, instruction)
        said = [_said(subject, tokenizer, cache, row, command.length) for row in asked]
        other = [_said(subject, tokenizer, whole, row, command.length) for row in asked]
        behind = [*asked[0], tokenizer.bos] if spec.architecture != "encoder-decoder" else asked[0]
        seconds = gist.seconds(subject.model, instruction, behind, ROUNDS)
    counted = costs(spec, len(instruction), spec.gist.tokens, len(behind))
    ways = tuple(
        WayTold(way, counted[way].read, counted[way].kept, counted[way].cache_bytes, counted[way].flops, seconds[way])
        for way in WAYS
    )
    return GistTold(subject.step, "", ways, tuple(zip(inputs, said, strict=True)), said == other)


def _said(subject: Subject, tokenizer: Marked, cache: KVCache, asked: list[int], length: int) -> str:
    """The most probable answer to an input behind what is cached."""
    model = subject.model
    if not model.spec.decoder:  # all places of the answer at once
        row = torch.tensor([[*asked, tokenizer.bos, *[tokenizer.mask] * length]], device=subject.device)
        return tokenizer.decode(gist.answered(model, cache, row)[0, -length:].argmax(-1).tolist()).strip()
    both = bool(model.spec.encoder)
    begun, context = ([tokenizer.bos], asked) if both else ([*asked, tokenizer.bos], None)
    drawn = generate(model, begun, length, context=context, temperature=0.0, stop=tokenizer.eos, held=cache)
    return tokenizer.decode([token for token, _ in drawn]).strip()
