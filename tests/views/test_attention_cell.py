"""One weight of attention worked out, against the same calculation written here; and the numbers that the page names."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from playground.spec.attention import Attention, CrossAttention
from playground.spec.model import Layer, Mlp, ModelSpec, RelativePosition
from playground.transformer.model import build
from playground.transformer.position import Rotary
from playground.transformer.taps import Taps
from playground.views.attention.cell import parts, worked_out
from playground.views.attention.frame import AttentionFrame
from playground.views.attention.panel_cell import CellPage

KINDS = ("none", "rotary", "alibi", "t5")
TOKENS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])


def made(**attention):
    layer = Layer(attention=Attention(heads=4, **attention), mlp=Mlp(d_mlp=8))
    model = build(ModelSpec(d_model=16, n_ctx=8, vocab=12, decoder=(layer,)), 1).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)) * 0.3)
    return model


def at(model, place, **given):
    taps = Taps([*parts(place[0]), f"{place[0]}.pattern"])
    with torch.inference_mode():
        model(TOKENS, taps=taps, **given)
    return worked_out(model, taps.values, place), taps.values


@pytest.mark.parametrize("kind", KINDS)
def test_the_steps_lead_to_the_weight(kind):
    model = made(position=RelativePosition(kind=kind), kv_heads=2)
    cell, seen = at(model, ("decoder.0", 3, 6, 2))
    q, k, v = seen["decoder.0.q"][0, 3, 6], seen["decoder.0.k"][0, 1, 2], seen["decoder.0.v"][0, 1, 2]
    assert cell.dot == pytest.approx(float(q @ k), abs=1e-6)
    assert cell.scale == pytest.approx(4**-0.5)
    assert cell.score == pytest.approx(cell.dot * cell.scale + cell.bias, abs=1e-5)
    scores = seen["decoder.0.scores"][0, 3, 6]
    assert cell.weight == pytest.approx(float(torch.exp(scores[2]) / torch.exp(scores).sum()), abs=1e-6)
    assert cell.weight == cell.row[2]
    assert (abs(cell.bias) > 1e-4) == (kind in ("alibi", "t5"))
    assert math.isnan(cell.turned) == (kind != "rotary")
    np.testing.assert_allclose(cell.z, (seen["decoder.0.pattern"][0, 3, 6] @ seen["decoder.0.v"][0, 1]).numpy(), atol=1e-5)
    along = float((cell.weight * v) @ torch.from_numpy(cell.z.copy())) / float((cell.z**2).sum())
    assert cell.brought == pytest.approx(along, abs=1e-5)


def test_what_all_keys_bring_is_the_whole():
    model = made()
    total = sum(at(model, ("decoder.0", 1, 5, key))[0].brought for key in range(6))
    assert total == pytest.approx(1.0, abs=1e-5)


def test_the_future_is_masked_and_a_place_beyond_is_none():
    cell, _ = at(made(), ("decoder.0", 0, 2, 5))
    assert cell.masked
    assert cell.weight == 0.0
    assert at(made(), ("decoder.0", 0, 2, 50))[0] is None


def test_a_cap_and_a_sink_are_part_of_it():
    model = made(soft_cap=2.0, sink=True)
    cell, seen = at(model, ("decoder.0", 2, 4, 1))
    assert cell.scaled == pytest.approx(2.0 * math.tanh(cell.dot * cell.scale / 2.0), abs=1e-6)
    assert cell.score == pytest.approx(cell.scaled, abs=1e-6)
    assert float(seen["decoder.0.pattern"][0, 2, 4].sum()) < 0.999


@pytest.mark.parametrize("neighbours", [False, True])
def test_a_rotation_is_taken_back(neighbours):
    rotary, x = Rotary(16, 6, 100.0, neighbours), torch.randn(1, 1, 9, 8)
    turned = rotary(x, 3)
    for place in range(9):
        torch.testing.assert_close(rotary.back(turned[0, 0, place], 3 + place), x[0, 0, place])


def test_cross_attention_is_worked_out_over_the_source():
    layer = Layer(attention=Attention(heads=2), cross=CrossAttention(heads=2), mlp=Mlp(d_mlp=8))
    encoder = Layer(attention=Attention(heads=2, mask="bidirectional"), mlp=Mlp(d_mlp=8))
    model = build(ModelSpec(d_model=8, n_ctx=8, vocab=12, encoder=(encoder,), decoder=(layer,)), 1).eval()
    cell, seen = at(model, ("decoder.0.cross", 1, 3, 4), context=TOKENS)
    assert cell.weight == pytest.approx(float(seen["decoder.0.cross.pattern"][0, 1, 3, 4]), abs=1e-6)
    assert cell.position == "none"


def page(qtbot, cell):
    shown = CellPage()
    qtbot.addWidget(shown)
    shown.resize(640, 380)
    names = tuple("abcdefgh")
    shown.draw(AttentionFrame(1, names, ("decoder.0",), (np.zeros((4, 8, 8), np.float32),), (True,), cell=cell))
    shown.show()
    return shown


def test_the_page_names_every_step_and_paints(qtbot):
    cell, _ = at(made(position=RelativePosition(kind="alibi"), soft_cap=3.0, sink=True), ("decoder.0", 3, 6, 2))
    shown = page(qtbot, cell)
    said = " ".join(shown.lines())
    for part in (f"{cell.dot:.3f}", "capped at ±3", "ALiBi", f"{cell.weight:.3f}", "a sink takes", "brings"):
        assert part in said
    empty = CellPage()
    qtbot.addWidget(empty)
    empty.resize(640, 380)
    assert shown.grab().toImage() != empty.grab().toImage()
    assert shown.accessibleDescription()


def test_a_masked_cell_says_so(qtbot):
    cell, _ = at(made(), ("decoder.0", 0, 2, 5))
    assert "the mask hides" in " ".join(page(qtbot, cell).lines())


def test_arrows_ask_for_neighbours_and_escape_leads_back(qtbot):
    from PySide6.QtCore import Qt

    shown = page(qtbot, at(made(), ("decoder.0", 0, 5, 2))[0])
    moves = SimpleNamespace(seen=[])
    shown.moved.connect(lambda down, right: moves.seen.append((down, right)))
    qtbot.keyClick(shown, Qt.Key.Key_Left)
    qtbot.keyClick(shown, Qt.Key.Key_Down)
    assert moves.seen == [(0, -1), (1, 0)]
    with qtbot.waitSignal(shown.left):
        qtbot.keyClick(shown, Qt.Key.Key_Escape)
