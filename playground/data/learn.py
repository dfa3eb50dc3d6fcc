"""Learning pieces from a text with SentencePiece, in a process of its own, so that it can really be cancelled."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playground.data.errors import Cancelled, DataError
from playground.data.text import Asked, Source, Tick

SAMPLE = 8_000_000
"""Characters of the text, from its beginning, that pieces are learned from at most."""
LINE = 2000
POLL_SECONDS = 0.05


def learn_pieces(source: Source, kind: str, vocab: int, progress: Tick, cancelled: Asked) -> bytes:
    """SentencePiece's model for a text, with at most `vocab` pieces; raises DataError and Cancelled."""
    job = f"Learning {vocab:,} pieces from {source.name}"
    progress(job, None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text").write_text(source.head(SAMPLE), encoding="utf-8")
        command = [sys.executable, "-m", "playground.data.learn", str(folder), kind, str(vocab)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8")
        try:
            while process.poll() is None:
                if cancelled():
                    raise Cancelled
                time.sleep(POLL_SECONDS)
        finally:
            process.kill()
            _, said = process.communicate()
        if process.returncode != 0:
            reason = said.strip().splitlines()[-1] if said.strip() else f"exit status {process.returncode}"
            raise DataError(
                f"No {kind} pieces could be learned from {source.name}.",
                f"{reason}.",
                "Use characters or bytes, or a longer text.",
            )
        progress(job, 1.0)
        return (folder / "model").read_bytes()


def lines(text: str) -> Iterator[str]:
    """The text in lines short enough for SentencePiece; line ends are given to it as pieces of their own."""
    for line in text.splitlines():
        for start in range(0, len(line), LINE):
            yield line[start : start + LINE]


def train(text: str, kind: str, vocab: int) -> bytes:
    """Train in this process. Line ends are one piece; spaces, tabs and every byte survive a round trip."""
    import sentencepiece

    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=lines(text),
        model_writer=out,
        model_type=kind,
        vocab_size=vocab,
        hard_vocab_limit=False,
        byte_fallback=True,
        character_coverage=0.9995,  # rarer characters are spelled in bytes
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        allow_whitespace_only_pieces=True,
        split_by_whitespace=True,
        user_defined_symbols=["\n"],
        bos_id=-1,
        eos_id=-1,
        pad_id=-1,
        max_sentence_length=4 * LINE + 16,
        num_threads=1,
        minloglevel=2,
    )
    return out.getvalue()


def main() -> int:
    """`python -m playground.data.learn FOLDER KIND VOCAB`: read FOLDER/text, write FOLDER/model."""
    folder, kind, vocab = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    (folder / "model").write_bytes(train((folder / "text").read_text(encoding="utf-8"), kind, vocab))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
