"""How the weights of a layer are made from an old one's: attention, experts, norms, and what starts as the identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playground.spec.grafting.carry import Axis, Entry, Fill, along, joined, overlap
from playground.spec.grafting.heads import HeadAxes, Shape, head_axes
from playground.spec.grafting.plan import Plan, entries_of
from playground.spec.model import Attention, AttentionHeads, Layer, Mlp, PlacedNorm

NORMS = {"attention": "norm1", "cross": "norm_cross", "mlp": "norm2"}
Role = Literal["in", "out", "post"]


@dataclass(frozen=True)
class Branch:
    """One branch of a new layer: its name, the old one's name (empty for a new one), and whether it begins silent."""

    name: str
    source: str
    silent: bool


def silences(norm: PlacedNorm) -> Literal["out", "gain", ""]:
    """How a branch is made to add nothing: by its last matrix, or by the gain of the norm behind it; "" where neither can.

    Behind a norm it has to be the gain: a projection that is next to zero would be blown up to full length.
    """
    if norm.kind == "none" or norm.place in ("pre", "post"):
        return "out"
    return "gain" if norm.learned else "out" if norm.eps > 0 else ""


def plan_layer(plan: Plan, name: str, new: Layer, source: str, old: Layer | None, doubled: bool) -> None:
    """Carries for a layer `name` from the old layer `source`; without one, or for a copy, every branch begins silent."""
    way = silences(new.norm)
    for kind in ("attention", "cross", "mlp"):
        part, before = getattr(new, kind), getattr(old, kind) if old is not None else None
        if part is None:
            continue
        silent = (doubled or before is None) and way != ""
        behind = f"{source}.{kind}" if before is not None else ""
        _norms(plan, name, new, kind, source, old, silent and way == "gain")
        branch = Branch(f"{name}.{kind}", behind, silent and way == "out")
        if isinstance(part, Mlp):
            _mlp(plan, branch, part, before)
        else:
            _attention(plan, branch, part, before)


def _norms(plan: Plan, name: str, new: Layer, kind: str, source: str, old: Layer | None, quiet: bool) -> None:
    """The norms of a branch, each from the one that had its place; a `quiet` branch lets nothing through its last one."""
    had = _roles(old, kind) if old is not None else {}
    if old is not None and not had and kind == "attention" and new.order == "parallel_shared":
        had = _roles(old, "mlp")  # the MLP goes on reading what its norm made of the stream
    for role, norm in _roles(new, kind).items():
        if kind == "mlp" and norm == NORMS["attention"]:
            continue  # it shares that of the attention
        behind, hushed = had.get(role) or next(iter(had.values()), ""), quiet and role == "out"
        plan.norm(
            f"{name}.{norm}", new.norm, f"{source}.{behind}" if behind and not hushed else "",
            old.norm if old is not None else None, start=Fill.ZERO if hushed else Fill.FRESH,
        )  # fmt: skip


def _roles(layer: Layer, kind: str) -> dict[Role, str]:
    """The norms of a branch by what they do; none where there is no such branch."""
    if layer.norm.kind == "none" or getattr(layer, kind) is None:
        return {}
    shared = kind == "mlp" and layer.order == "parallel_shared" and layer.attention is not None
    base = NORMS["attention" if shared else kind]
    found: dict[str, dict[Role, str]] = {
        "pre": {"in": base},
        "post": {"post": base},
        "output": {"out": base},
        "sandwich": {"in": base, "out": f"{base}_out"},
    }
    return found[layer.norm.place]


def _attention(plan: Plan, branch: Branch, new: AttentionHeads, old: AttentionHeads | None) -> None:
    """Queries, keys, values and what becomes of them.

    A gate that is added is open halfway, and the projection behind it twice as large, which changes nothing.
    """
    after = Shape.of(plan.new, new)
    before = Shape.of(plan.old, old) if old is not None else after
    axes = head_axes(before, after)
    old = old if old is not None else new
    name, source = branch.name, branch.source
    wide, narrow = before.heads * before.size, before.groups * before.size
    # scores are divided by √(head size): where that grows and both do so, the queries make up for it
    same_cut = before.heads * before.size == after.heads * after.size
    grows = after.size > before.size and not same_cut
    score = (after.size / before.size) ** 0.5 if grows and old.scaled and new.scaled else 1.0
    q = axes.q.scaled(score) if new.qk_norm == "none" else axes.q
    offset = (old.bias, new.bias)
    if isinstance(new, Attention):
        rows = joined((wide, q), (narrow, axes.k), (narrow, axes.v))
        plan.branch_in(f"{name}.qkv", source and f"{source}.qkv", rows, offset=offset)
        _t5(plan, branch, new, old, axes)
    else:
        plan.branch_in(f"{name}.query", source and f"{source}.query", q, offset=offset)
        plan.branch_in(f"{name}.kv", source and f"{source}.kv", joined((narrow, axes.k), (narrow, axes.v)), offset=offset)
    opened = 1.0 if not source else 2.0 if new.gate and not old.gate else 0.5 if old.gate and not new.gate else 1.0
    plan.branch_out(f"{name}.out", source and f"{source}.out", axes.z.scaled(opened), silent=branch.silent, offset=offset)
    if new.gate:
        rows = entries_of(axes.z, wide, Fill.FRESH)
        start = Fill.ZERO if source else Fill.FRESH
        plan.branch_in(f"{name}.gate", f"{source}.gate" if source and old.gate else "", rows, start=start, offset=offset)
    if new.sink:
        plan.add(f"{name}.sink", f"{source}.sink" if source and old.sink else "", axes.heads)
    if new.qk_norm != "none":
        had = source if old.qk_norm != "none" else ""
        for side, rows, count, factor in (("q", axes.q, before.heads, score), ("k", axes.k, before.groups, 1.0)):
            length = (before.size / after.size) ** 0.5 if grows and new.qk_norm == old.qk_norm == "head" else 1.0
            gain = _gain(new.qk_norm, old.qk_norm, rows, axes.gain, count, before.size).scaled(factor * length)
            plan.add(f"{name}.{side}_norm.weight", had and f"{had}.{side}_norm.weight", gain)


def _t5(plan: Plan, branch: Branch, new: Attention, old: AttentionHeads, axes: HeadAxes) -> None:
    """The table (buckets, heads); nearby distances have the first buckets in any table. One that is added says nothing."""
    if new.position.kind != "t5":
        return
    had = isinstance(old, Attention) and old.position.kind == "t5" and branch.source != ""
    buckets = old.position.buckets if isinstance(old, Attention) and had else new.position.buckets
    rows = overlap(buckets, new.position.buckets, Fill.FRESH)
    source = f"{branch.source}.distance.weight" if had else ""
    plan.add(f"{branch.name}.distance.weight", source, rows, axes.heads, start=Fill.ZERO)


def _gain(new: str, old: str, rows: Axis, head: Axis, count: int, size: int) -> Axis:
    """Gains of a norm over one head's features or over all; from one to the other they are repeated, or averaged."""
    if old == "none" or new == old:
        fresh = entries_of(rows, count * size, Fill.FRESH)
        return head if new == "head" else Axis(fresh.size, fresh.entries)
    own = head.entries if head.entries is not None else tuple((index,) for index in range(head.size))
    if new == "full":
        return along(size, [own[index % head.size] for index in range(rows.size)])
    entries: list[Entry] = []
    for entry in own:
        entries.append(entry if isinstance(entry, Fill) else tuple(at * size + one for at in range(count) for one in entry))
    return along(count * size, entries)


def _mlp(plan: Plan, branch: Branch, new: Mlp, old: Mlp | None) -> None:
    """The network, or every expert and their router. Each expert of a new mixture is a copy of the network there was,
    which changes nothing; of a mixture that goes the first one stays; an expert that is added copies one of the others."""
    if new.experts == 1:
        source = branch.source if old is None or old.experts == 1 else f"{branch.source}.experts.0"
        _network(plan, Branch(branch.name, source, branch.silent), new, old)
        return
    count = old.experts if old is not None else 0
    had = branch.source if count > 1 else ""
    rows = overlap(count if had else new.experts, new.experts, Fill.FRESH)
    plan.add(f"{branch.name}.router.weight", had and f"{had}.router.weight", rows, plan.reads)
    for index in range(new.experts):
        source = f"{branch.source}.experts.{index % count}" if count > 1 else branch.source
        _network(plan, Branch(f"{branch.name}.experts.{index}", source, branch.silent), new, old)


def _network(plan: Plan, branch: Branch, new: Mlp, old: Mlp | None) -> None:
    """One network. What the curve is applied to stays what it is; new neurons say nothing at first.

    A gate that is added multiplies by 1 at first where there are offsets to say so.
    """
    old = old if old is not None else new
    name, source = branch.name, branch.source
    rows, columns = overlap(old.d_mlp, new.d_mlp, Fill.FRESH), overlap(old.d_mlp, new.d_mlp, Fill.ZERO)
    offset = (old.bias, new.bias)
    curved = source and f"{source}.{'gate' if old.gated else 'up'}"
    if not new.gated:
        plan.branch_in(f"{name}.up", curved, rows, offset=offset)
    else:
        plan.branch_in(f"{name}.gate", curved, rows, offset=offset)
        linear = f"{source}.up" if source and old.gated else ""
        ones = source != "" and not old.gated and new.bias
        plan.branch_in(f"{name}.up", linear, rows, start=Fill.ZERO if ones else Fill.FRESH, offset=offset)
        if ones:
            plan.add(f"{name}.up.bias", "", rows, start=Fill.ONE)
    plan.branch_out(f"{name}.down", source and f"{source}.down", columns, silent=branch.silent, offset=offset)
