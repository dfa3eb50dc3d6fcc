"""The drawings say what the choices do: they follow the choice, show another one while the pointer is on it, and are right."""

import pytest
import torch
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from playground.spec.ends import Embedding
from playground.spec.experiment import Experiment
from playground.spec.gist import Gist
from playground.spec.mlp import Mlp
from playground.spec.model import Attention, Layer, ModelSpec, RelativePosition
from playground.spec.norm import PlacedNorm
from playground.style import theme
from playground.transformer import distance
from playground.ui.inspector.branch_drawings import CURVES
from playground.ui.inspector.drawings import CELLS, DRAWINGS, drawing_of, part_of
from playground.ui.inspector.fields import fields
from playground.ui.inspector.picture import Picture
from playground.ui.inspector.position_drawings import bucket, slopes
from playground.ui.inspector.subject import Subject
from tests.ui.inspecting import Desk

ATTENTION = "model.decoder[1].attention"
PARTS = {"attention": Attention(), "embedding": Embedding(), "mlp": Mlp(), "norm": PlacedNorm(), "gist": Gist()}


def pixels(widget) -> bytes:
    image = widget.grab().toImage()
    return bytes(image.constBits())


def painted(qtbot, key, subject) -> Picture:
    picture = Picture(DRAWINGS[key])
    qtbot.addWidget(picture)
    picture.resize(260, picture.height())
    picture.show_subjects([subject])
    return picture


@pytest.fixture
def desk(qtbot):
    layer = Layer()
    return Desk(qtbot, Experiment(model=ModelSpec(vocab=64, decoder=(layer, layer))))


@pytest.mark.parametrize(("part", "name"), [key for key in DRAWINGS if key[1] != "kv_heads"])
def test_every_choice_has_a_drawing_and_words_of_its_own(qtbot, part, name):
    made = Experiment()
    where = f"model.{part}" if part in ("embedding", "gist") else f"model.decoder[0].{part}"
    field = next(field for field in fields(made, where) if field.path == f"{where}.{name}")
    subjects = [Subject(PARTS[part], 64, 128).choosing(name, choice) for choice in field.choices]
    pictures = [painted(qtbot, (part, name), subject) for subject in subjects]
    assert len({pixels(picture) for picture in pictures}) == len(field.choices)
    assert len({picture.words() for picture in pictures}) == len(field.choices)


def test_a_table_from_field_to_drawing():
    assert drawing_of(f"{ATTENTION}.mask") is DRAWINGS["attention", "mask"]
    assert drawing_of(f"{ATTENTION}.position.kind") is DRAWINGS["attention", "position.kind"]
    assert drawing_of("model.embedding.position.kind") is DRAWINGS["embedding", "position.kind"]
    assert drawing_of(f"{ATTENTION}.bias") is None
    assert part_of(f"{ATTENTION}.position.kind") == ATTENTION


@pytest.mark.parametrize(
    ("attention", "seen"),
    [
        (Attention(), CELLS * (CELLS + 1) // 2),
        (Attention(mask="bidirectional"), CELLS * CELLS),
        (Attention(window=1), CELLS),
        (Attention(mask="prefix"), CELLS * (CELLS + 1) // 2 + 6),  # a prefix of four sees six pairs more
    ],
)
def test_the_small_mask_has_the_cells_that_are_seen(qtbot, attention, seen):
    picture = painted(qtbot, ("attention", "mask"), Subject(attention, 64, 128))
    image = picture.grab().toImage()
    cells = [(x, y) for x in range(image.width()) for y in range(image.height())]
    filled = {point for point in cells if image.pixelColor(*point) == QColor(theme.theme().attention)}
    corners = [(x, y) for x, y in filled if (x - 1, y) not in filled and (x, y - 1) not in filled]
    assert len(corners) == seen


@pytest.mark.parametrize("name", list(CURVES))
def test_curves_are_those_of_the_model(name):
    functional = torch.nn.functional
    real = {
        "relu": functional.relu, "relu2": lambda x: functional.relu(x) ** 2, "gelu": functional.gelu,
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"), "silu": functional.silu, "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
    }[name]  # fmt: skip
    at = torch.linspace(-4, 4, 33, dtype=torch.float64)
    assert [CURVES[name](x) for x in at.tolist()] == pytest.approx(real(at).tolist(), abs=1e-9)


@pytest.mark.parametrize("heads", [1, 4, 8, 12])
def test_slopes_are_those_of_the_model(heads):
    assert slopes(heads) == pytest.approx(distance.slopes(heads).tolist())


@pytest.mark.parametrize(("buckets", "longest"), [(32, 128), (8, 16)])
def test_buckets_are_those_of_the_model(buckets, longest):
    away = [*range(0, longest + 5, 3)]
    real = distance.bucket(-torch.tensor(away), buckets, longest, False).tolist()
    assert [bucket(far, buckets, longest) for far in away] == real


@pytest.mark.parametrize("change", [{"heads": 8}, {"window": 8}, {"position": RelativePosition(kind="rotary", base=50.0)}])
def test_what_else_matters_is_in_the_drawing(qtbot, change):
    name = {"heads": "kv_heads", "window": "mask", "position": "position.kind"}[next(iter(change))]
    before = Attention(position=RelativePosition(kind="rotary"))
    one, other = (
        painted(qtbot, ("attention", name), Subject(part, 64, 128)) for part in (before, before.model_copy(update=change))
    )
    assert pixels(one) != pixels(other)


def test_a_drawing_follows_the_choice_that_is_pressed(desk):
    row = desk.form.rows[f"{ATTENTION}.mask"]
    before = pixels(row.picture)
    desk.press(row.editor.controls()[2])
    desk.qtbot.mouseMove(desk.form.caption)
    assert desk.experiment.model.decoder[1].attention.mask == "prefix"
    assert pixels(row.picture) != before
    assert row.picture.accessibleName().startswith("prompt sees itself")


def test_the_pointer_previews_another_choice_and_nothing_moves(desk):
    row = desk.form.rows[f"{ATTENTION}.position.kind"]
    below = desk.form.rows[f"{ATTENTION}.qk_norm"]
    QApplication.processEvents()
    before, place = pixels(row.picture), below.pos()
    desk.qtbot.mouseMove(row.editor.controls()[2], QPoint(5, 5))
    assert "distance" in row.picture.words()
    assert pixels(row.picture) != before
    assert below.pos() == place
    assert desk.asked == []
    desk.qtbot.mouseMove(desk.form.caption)
    assert pixels(row.picture) == before


def test_the_open_list_previews_what_is_highlighted(desk):
    desk.form.show_part("model.decoder[1].norm")
    row = desk.form.rows["model.decoder[1].norm.place"]
    before = pixels(row.picture)
    combo = row.editor.combo
    combo.showPopup()
    desk.qtbot.mouseMove(combo.view().viewport(), combo.view().visualRect(combo.model().index(2, 0)).center())
    assert pixels(row.picture) != before
    combo.hidePopup()
    assert pixels(row.picture) == before
    assert desk.asked == []


def test_layers_that_differ_are_drawn_side_by_side(desk):
    desk.on_edit("model.decoder[0].attention.mask", "bidirectional")
    picture = desk.form.rows[f"{ATTENTION}.mask"].picture
    alone = pixels(picture)
    desk.form.show_parts(["model.decoder[0].attention", ATTENTION])
    assert pixels(picture) != alone
    assert picture.words() == "differs from layer to layer"
