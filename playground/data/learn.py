"""Learning pieces from a text with SentencePiece, in a process of its own, so that it can really be cancelled."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress

from playground.data import learner
from playground.data.errors import Cancelled, DataError
from playground.data.text import Asked, Source, Tick

SAMPLE = 4_000_000
"""Bytes of a text that pieces are learned from at most; of a longer one, parts are taken evenly from all of it."""
FEWEST = learner.OWN + 14
"""The smallest vocabulary that leaves room for some characters and pieces beside the bytes."""
POLL_SECONDS = 0.03


def learn_pieces(source: Source, kind: str, vocab: int, progress: Tick, cancelled: Asked) -> bytes:
    """SentencePiece's model for a text, with at most `vocab` pieces: a short text may not have that many.

    Raises DataError, and Cancelled within a tenth of a second (the process is killed).
    """
    if vocab < FEWEST:
        raise DataError(
            f"{vocab} pieces are too few for {kind}.",
            f"256 of them are bytes, so that no character is ever unknown; it takes {FEWEST} at least.",
            f"Set Pieces to {FEWEST} or more, or choose characters or bytes as the tokenizer.",
        )
    part = f" ({SAMPLE / 1e6:.0f} MB of it)" if source.size > SAMPLE else ""
    progress(f"Learning {vocab:,} pieces from {source.name}{part}", None)
    text = source.spread(SAMPLE, cancelled).encode()
    # by path and with -P: the child needs no installed playground and sees none of its modules
    command = [sys.executable, "-P", learner.__file__, kind, str(vocab)]
    try:
        status, model, said = _run(command, text, cancelled)
    except OSError as error:
        raise DataError("Learning the pieces could not be started.", f"{error}.", "Use characters or bytes.") from None
    if status != 0 or not model:
        reason = said.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"The process ended with status {status}"]
        raise DataError(
            f"No {kind} pieces could be learned from {source.name}.",
            f"{reason[0]}.",
            "Use characters or bytes, or another text.",
        )
    return model


def _run(command: list[str], text: bytes, cancelled: Asked) -> tuple[int, bytes, bytes]:
    """Status, stdout and stderr of a process that is killed as soon as `cancelled` says so."""
    pipe = subprocess.PIPE
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: no console window flashes up
    # from a file: after a timeout, Python 3.11's communicate forgets what it had not yet written into a pipe
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.seek(0)
        with subprocess.Popen(command, stdin=file, stdout=pipe, stderr=pipe, creationflags=flags) as process:
            try:
                while True:
                    with suppress(subprocess.TimeoutExpired):
                        model, said = process.communicate(timeout=POLL_SECONDS)
                        return process.returncode, model, said
                    if cancelled():
                        raise Cancelled
            except BaseException:
                process.kill()
                process.communicate()
                raise
