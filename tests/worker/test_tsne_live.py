"""t-SNE beside a running engine: steps go on, the layout comes by itself, giving up and other models end its process."""

import threading

from playground.views.embeddings.frame import EmbeddingLook
from playground.worker.commands import Play, Restart, Watch

TSNE = EmbeddingLook(layout="tsne", run=1)


def jobs():
    return [thread for thread in threading.enumerate() if thread.name == "t-SNE"]


def test_at_rest_the_layout_comes_by_itself(ready):
    ready.send(Watch("embeddings", TSNE))
    ready.wait(lambda: "embeddings" in ready.frames)
    assert ready.frames["embeddings"].layout == "pca"
    ready.wait(lambda: ready.frames["embeddings"].layout == "tsne", 60)
    shares = [frame.progress.share for _, frame in ready.frame_log if frame.progress is not None]
    assert len(shares) > 2  # it was told how far it was
    assert shares == sorted(shares)
    ready.frame_log.clear()
    ready.idle(0.5)
    assert ready.frame_log == []


def test_steps_go_on_meanwhile_and_it_can_be_given_up(ready):
    ready.send(Watch("embeddings", TSNE), Play())
    ready.wait(lambda: "embeddings" in ready.frames and ready.frames["embeddings"].progress is not None)
    first, running = ready.status.step, jobs()
    assert running
    ready.wait(lambda: ready.status.step > first + 10)
    ready.send(Watch("embeddings", EmbeddingLook(layout="tsne", run=0)))
    ready.wait(lambda: ready.frames["embeddings"].progress is None)
    running[0].join(10)
    assert not jobs()


def test_fresh_weights_end_the_layout_of_the_old_ones(ready):
    ready.send(Watch("embeddings", TSNE))
    ready.wait(lambda: "embeddings" in ready.frames and ready.frames["embeddings"].progress is not None)
    old = jobs()
    ready.send(Watch("embeddings", EmbeddingLook()), Restart())
    old[0].join(10)
    ready.wait(lambda: ready.frames["embeddings"].layout == "pca" and ready.frames["embeddings"].progress is None)
    assert not jobs()
