"""The measurements of the embeddings view run, and refuse to measure what was not painted."""

from playground.bench import embeddings


def test_both_measurements_give_a_rate(qapp, monkeypatch):
    monkeypatch.setattr(embeddings, "ROUNDS", 4)
    assert 0 < embeddings._live(100) < 10_000
    assert 0 < embeddings._pan(100) < 10_000  # a window that is not painted would be quicker
