"""The measurements run and tell what they promise; their figures are for a quiet machine and a long run."""

from playground.bench import rewinding, views, window
from tests.ui.conftest import VERSE, write_model


def test_rewinding_is_measured_in_the_real_window(qapp, monkeypatch, tmp_path):
    (tmp_path / "verse.txt").write_text(VERSE * 100, encoding="utf-8")
    small = write_model(tmp_path / "small", tmp_path / "verse.txt")
    for module in (window, rewinding):  # the default model takes seconds to open
        monkeypatch.setattr(module, "model_folder", lambda name: small)
    monkeypatch.setattr(rewinding, "STEPS", 24)
    monkeypatch.setattr(rewinding, "JUMPS", 4)
    monkeypatch.setattr(rewinding, "COUNTED", 16)
    figures = rewinding.measure()
    assert 0 < figures["rewind_at_rest_ms_median"] <= figures["rewind_at_rest_ms_p95"] <= figures["rewind_ms_p95"]
    assert figures["rewind_ms_p95"] <= figures["rewind_every_view_ms_p95"] < 30_000
    assert figures["recorded_steps"] >= 5
    assert 0 < figures["recording_share"] < 1
    assert -0.5 < figures["rss_growth"] < 2.0


def test_the_parts_of_the_views_come_under_their_promised_names(monkeypatch):
    monkeypatch.setattr(views.live, "measure", lambda: {"ratio": 0.9, "stall_ms_max": 12.0, "frame_ms_p99": 15.0, "other": 1.0})
    assert views.PARTS[0]() == {"live_ratio": 0.9, "stall_ms_max": 12.0, "frame_ms_p99": 15.0}
    monkeypatch.setattr(views, "PARTS", (lambda: {"a": 1.0}, lambda: {"b": 2.0}))
    assert views.measure() == {"a": 1.0, "b": 2.0}
