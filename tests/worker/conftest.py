"""An engine in a thread of its own, and somebody who collects its letters."""

import threading
import time

import pytest

from playground.spec.experiment import Experiment, TaskSpec, TokenizerSpec, TrainingSpec
from playground.spec.model import Attention, Layer, Mlp, ModelSpec
from playground.worker.commands import Stop
from playground.worker.mailbox import Applied, Fault, Mailbox, Status

WORDS = "the cat sat on the mat and the dog saw the cat, which Tom fed at 7 or 8. "


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text(WORDS * 60, encoding="utf-8")
    return path


@pytest.fixture
def tiny(text_file):
    """An experiment that trains in a fraction of a second."""
    layer = Layer(attention=Attention(heads=2), mlp=Mlp(d_mlp=16))
    return Experiment(
        model=ModelSpec(d_model=16, n_ctx=16, decoder=(layer, layer)),
        task=TaskSpec(text=str(text_file), tokenizer=TokenizerSpec(kind="characters")),
        training=TrainingSpec(
            steps=200, batch=4, lr=0.01, warmup=5, validate_every=50, validation_windows=8, precision="float32"
        ),
    )


class Client:
    """The window's side of the mailbox; everything that came is kept."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.frames, self.events, self.reports, self.answers, self.progress = {}, [], [], [], []
        self.frame_log, self.beside, self.answers_beside = [], {}, []
        self.gists, self.ways = [], []
        self.status = Status()
        self.modes = []

    def send(self, *commands):
        for command in commands:
            self.mailbox.send(command)

    def poll(self):
        letters = self.mailbox.take()
        self.events += letters.events
        self.reports += letters.reports
        self.frames.update(letters.frames)
        self.frame_log += letters.frames.items()
        self.beside.update(letters.beside)
        if letters.answer_beside:
            self.answers_beside.append(letters.answer_beside)
        if letters.ways:
            self.ways.append(letters.ways)
        if letters.gist:
            self.gists.append(letters.gist)
        if letters.answer:
            self.answers.append(letters.answer)
        if letters.progress:
            self.progress.append(letters.progress)
        if letters.status:
            self.status = letters.status
            self.modes.append(letters.status.mode)

    def wait(self, condition, seconds=20.0):
        """Poll until `condition()` is true; fails, with what did come, when it does not become so."""
        end = time.monotonic() + seconds
        while True:
            self.poll()
            if found := condition():
                return found
            if time.monotonic() > end:
                pytest.fail(f"waited {seconds} s; status {self.status}, events {self.events}, frames {list(self.frames)}")
            time.sleep(0.005)

    def idle(self, seconds):
        """Let time pass, then see what has come."""
        time.sleep(seconds)
        self.poll()

    def applied(self, number):
        return self.wait(lambda: next((e for e in self.events if isinstance(e, Applied) and e.number == number), None))

    def fault(self):
        """The next fault; it is taken out."""
        found = self.wait(lambda: next((e for e in self.events if isinstance(e, Fault)), None))
        self.events.remove(found)
        return found

    def faults(self):
        return [event for event in self.events if isinstance(event, Fault)]


@pytest.fixture
def start():
    """Start an engine: `start(device="cpu")` gives the client; it is stopped at the end."""
    started = []

    def begin(device="cpu"):
        from playground.worker.engine import Engine

        mailbox = Mailbox()
        engine = Engine(mailbox, device)
        thread = threading.Thread(target=engine.run, name="engine", daemon=True)
        thread.start()
        client = Client(mailbox)
        client.thread, client.engine = thread, engine
        started.append(client)
        return client

    yield begin
    for client in started:
        client.send(Stop())
        client.thread.join(5)
        assert not client.thread.is_alive()


@pytest.fixture
def client(start):
    return start()


@pytest.fixture
def ready(client, tiny):
    """An engine with the tiny model, paused at step 0."""
    from playground.worker.commands import Apply

    client.send(Apply(tiny, 1))
    client.experiment = client.applied(1).experiment
    client.wait(lambda: client.status.mode == "paused")
    return client
