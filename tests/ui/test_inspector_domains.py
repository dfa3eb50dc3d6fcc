"""The mix of several domains stands on the model's page, and nothing of it where there is one text."""

import pytest

from playground.places import model_folder
from playground.spec import edit, toml
from playground.spec.domains import NAMES
from playground.style import theme
from tests.ui.inspecting import Desk


@pytest.fixture(autouse=True)
def dark(qapp):
    theme.apply(qapp, "dark")


def test_shares_and_weights_are_fields_that_the_next_step_uses(qtbot):
    desk = Desk(qtbot, toml.load(model_folder("gato") / "experiment.toml"))
    desk.form.tabs.setCurrentIndex(1)
    for name in NAMES:
        assert f"task.domains.share.{name}" in desk.form.rows
        assert f"task.domains.weight.{name}" in desk.form.rows
    before = desk.experiment
    desk.type(desk.spin("task.domains.share.grid"), "7")
    assert desk.experiment.task.domains.share.grid == 7.0
    assert edit.change(before, desk.experiment) == "hot"
    assert desk.form.pill.text().startswith("hot")


def test_the_embedding_shows_its_codecs_and_a_text_model_has_none(qtbot):
    desk = Desk(qtbot, toml.load(model_folder("gato") / "experiment.toml"))
    desk.form.show_part("model.embedding")
    assert "model.embedding.modalities.bins" in desk.form.rows
    desk.type(desk.spin("model.embedding.modalities.bins"), "64")
    assert desk.experiment.model.embedding.modalities.bins == 64
    other = Desk(qtbot, toml.load(model_folder("gpt") / "experiment.toml"))
    other.form.show_part("model.embedding")
    assert not [path for path in other.form.rows if "modalities" in path]
    other.form.tabs.setCurrentIndex(1)
    assert not [path for path in other.form.rows if "domains" in path]
