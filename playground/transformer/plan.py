"""The plan of a graft: for every weight of the new model the weight that it is made from, from the two specs alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.spec.layers import Origin, Origins
from playground.spec.model import AttentionHeads, Layer, Mlp, ModelSpec, d_head, kv_heads
from playground.transformer.carry import Axis, Carry, grouped, joined, overlap, spread

NORMS = ("norm1", "norm1_out", "norm_cross", "norm_cross_out", "norm2", "norm2_out")


@dataclass
class Plan:
    """`carries` by the new weight's name; `silent` are branches whose output starts at zero, so that they change nothing;
    `ones` are offsets that start at one, `unbiased` norms behind such a branch, whose offsets start at zero."""

    carries: dict[str, Carry] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)
    ones: list[str] = field(default_factory=list)
    unbiased: list[str] = field(default_factory=list)
    fresh_layers: list[str] = field(default_factory=list)
    """New layers, and copies, by name."""


def unmoved(old: ModelSpec, new: ModelSpec) -> Origins:
    """Where layers were, when nobody says: where they are, or in the other stack where there is only one and it changed."""
    made: Origins = {}
    for stack in ("encoder", "decoder"):
        source, before = stack, getattr(old, stack)
        if not before and len(old.stacks) == 1:
            source, before = next(iter(old.stacks.items()))
        made[stack] = tuple(Origin(f"{source}.{index}") if index < len(before) else None
                            for index in range(len(getattr(new, stack))))  # fmt: skip
    return made


def plan(old: ModelSpec, new: ModelSpec, origins: Origins | None = None) -> Plan:
    """What becomes of every weight.

    A wider stream draws its new features anew where they are written and reads nothing of them at first; new heads and new
    neurons write nothing at first; new layers and new branches add nothing. So the model says nearly what it said before,
    to the last digit where norms do not see the difference.
    """
    made = Plan()
    width, vocab = overlap(old.d_model, new.d_model), overlap(old.vocab, new.vocab)
    made.carries["embed.weight"] = Carry("embed.weight", (vocab, width), mean=True)
    made.carries["position.weight"] = Carry("position.weight", (overlap(old.n_ctx, new.n_ctx), width))
    _norm(made, "embed_norm", "embed_norm", width)
    _norm(made, "encoder_norm", "encoder_norm", width)
    where = unmoved(old, new) if origins is None else origins
    for stack, layers in new.stacks.items():
        found = where.get(stack, ())
        for index, layer in enumerate(layers):
            name, origin = f"{stack}.{index}", found[index] if index < len(found) else None
            before = _layer(old, origin)
            if origin is None or before is None:
                made.fresh_layers.append(name)
                made.silent += [f"{name}.{branch}" for branch in ("attention", "cross", "mlp")]
                continue
            if origin.copy:
                made.fresh_layers.append(name)
            _carry_layer(made, (old, before, origin.name), (new, layer, name), width, silent=origin.copy)
    _end(made, old, new, width, vocab)
    return made


def _layer(old: ModelSpec, origin: Origin | None) -> Layer | None:
    if origin is None:
        return None
    stack, _, index = origin.name.partition(".")
    layers: tuple[Layer, ...] = getattr(old, stack)
    return layers[int(index)] if int(index) < len(layers) else None


def _norm(made: Plan, name: str, source: str, axis: Axis) -> None:
    for part in ("weight", "bias"):
        made.carries[f"{name}.{part}"] = Carry(f"{source}.{part}", (axis,))


def _matrix(made: Plan, name: str, source: str, rows: Axis, columns: Axis, zero: tuple[int, ...] = (1,)) -> None:
    """A linear map: new rows are drawn anew, of new columns nothing is read at first."""
    made.carries[f"{name}.weight"] = Carry(f"{source}.weight", (rows, columns), zero)
    made.carries[f"{name}.bias"] = Carry(f"{source}.bias", (rows,))


def _carry_layer(
    made: Plan, old: tuple[ModelSpec, Layer, str], new: tuple[ModelSpec, Layer, str], width: Axis, silent: bool
) -> None:
    (old_model, before, source), (new_model, layer, name) = old, new
    for norm in NORMS:
        _norm(made, f"{name}.{norm}", f"{source}.{norm}", width)
    if before.order == "parallel_shared" and before.attention is not None:  # one norm was read by both branches
        _norm(made, f"{name}.norm2", f"{source}.norm1", width)
    for branch in ("attention", "cross"):
        was, now = getattr(before, branch), getattr(layer, branch)
        if was is not None and now is not None:
            _heads(made, (old_model, was, f"{source}.{branch}"), (new_model, now, f"{name}.{branch}"), width)
        if was is None or silent:
            made.silent.append(f"{name}.{branch}")
    if before.mlp is not None and layer.mlp is not None:
        _mlp(made, (before.mlp, f"{source}.mlp"), (layer.mlp, f"{name}.mlp"), width)
    if before.mlp is None or silent:
        made.silent.append(f"{name}.mlp")
    if silent and layer.norm.place in ("sandwich", "output"):
        behind = "_out" if layer.norm.place == "sandwich" else ""
        made.unbiased += [f"{name}.{norm}{behind}" for norm in ("norm1", "norm_cross", "norm2")]


def _heads(
    made: Plan, old: tuple[ModelSpec, AttentionHeads, str], new: tuple[ModelSpec, AttentionHeads, str], width: Axis
) -> None:
    (old_model, was, source), (new_model, now, name) = old, new
    sizes = [(was.heads, d_head(old_model, was)), (now.heads, d_head(new_model, now))]
    kv = [(kv_heads(was), sizes[0][1]), (kv_heads(now), sizes[1][1])]
    wide, narrow = [a * b for a, b in sizes], [a * b for a, b in kv]
    one_by_one = overlap(was.heads, now.heads)
    if wide[0] == wide[1] and narrow[0] == narrow[1]:
        queries = keys = None  # the same numbers, cut into heads another way
    else:
        queries = spread(one_by_one, sizes[0], sizes[1])
        shared = grouped(kv[0][0], kv[1][0]) if was.heads == now.heads else overlap(kv[0][0], kv[1][0])
        keys = spread(shared, kv[0], kv[1])
    q, k = (queries, wide[0], wide[1]), (keys, narrow[0], narrow[1])
    _matrix(made, f"{name}.qkv", f"{source}.qkv", joined([q, k, k]), width)
    _matrix(made, f"{name}.query", f"{source}.query", queries, width)
    _matrix(made, f"{name}.kv", f"{source}.kv", joined([k, k]), width)
    _matrix(made, f"{name}.gate", f"{source}.gate", queries, width)
    _matrix(made, f"{name}.out", f"{source}.out", width, queries)
    made.carries[f"{name}.sink"] = Carry(f"{source}.sink", (one_by_one,))
    made.carries[f"{name}.distance.weight"] = Carry(f"{source}.distance.weight", (_buckets(was, now), one_by_one))
    if was.qk_norm == now.qk_norm:
        per_head = was.qk_norm == "head"
        features = overlap(sizes[0][1], sizes[1][1])
        made.carries[f"{name}.q_norm.weight"] = Carry(f"{source}.q_norm.weight", (features if per_head else queries,))
        made.carries[f"{name}.k_norm.weight"] = Carry(f"{source}.k_norm.weight", (features if per_head else keys,))


def _buckets(was: AttentionHeads, now: AttentionHeads) -> Axis:
    before, after = (getattr(getattr(part, "position", None), "buckets", 0) for part in (was, now))
    return overlap(before, after)


def _mlp(made: Plan, old: tuple[Mlp, str], new: tuple[Mlp, str], width: Axis) -> None:
    """A network from a network: a mixture begins with copies of one, and one with the first of a mixture."""
    (was, source), (now, name) = old, new
    sources = [f"{source}.experts.{index}" for index in range(was.experts)] if was.experts > 1 else [source]
    names = [f"{name}.experts.{index}" for index in range(now.experts)] if now.experts > 1 else [name]
    made.carries[f"{name}.router.weight"] = Carry(f"{source}.router.weight", (overlap(was.experts, now.experts), width), (1,))
    neurons = overlap(was.d_mlp, now.d_mlp)
    for index, place in enumerate(names):
        if len(sources) > 1 and index >= len(sources):
            continue  # one expert more, drawn anew
        origin = sources[min(index, len(sources) - 1)]
        # the curve is that of the gate where there is one, and of the only matrix where there is none
        curve = (f"{origin}.gate" if was.gated else f"{origin}.up", f"{place}.gate" if now.gated else f"{place}.up")
        _matrix(made, curve[1], curve[0], neurons, width)
        if was.gated and now.gated:
            _matrix(made, f"{place}.up", f"{origin}.up", neurons, width)
        elif now.gated:
            made.ones.append(f"{place}.up")
        _matrix(made, f"{place}.down", f"{origin}.down", width, neurons)


def _end(made: Plan, old: ModelSpec, new: ModelSpec, width: Axis, vocab: Axis) -> None:
    before = old.unembedding.hidden if old.unembedding.hidden is not None else old.d_model
    after = new.unembedding.hidden if new.unembedding.hidden is not None else new.d_model
    end = overlap(before, after)
    _matrix(made, "hidden", "hidden", end, width)
    _norm(made, "norm", "norm", end)
    source = "embed" if old.unembedding.tied else "unembed"
    made.carries["unembed.weight"] = Carry(f"{source}.weight", (vocab, end), (1,), mean=True)
    made.carries["unembed.bias"] = Carry("unembed.bias", (vocab,))
