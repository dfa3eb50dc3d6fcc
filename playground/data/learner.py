"""The child process that learns pieces with SentencePiece: text in, model out. It imports nothing of the playground."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterator

OWN = 258
"""Pieces that every vocabulary has: 256 bytes, the line end, and one for the unknown, which never comes up."""
LINE = 1000
"""Longest piece of text SentencePiece gets at once, in characters; it skips what is longer than 4192 bytes."""
THREADS = 4
"""Fixed, because unigram's sums, and so its pieces, depend on it."""
RESERVED = "\n\t\0▁▅"
"""Characters SentencePiece uses for itself; it would skip the whole line."""


def train(text: str, kind: str, vocab: int) -> bytes:
    """SentencePiece's model with at most `vocab` pieces; raises RuntimeError when that is impossible.

    Every text survives the round trip: nothing is normalised, spaces are kept, a line end is a piece of its own, and a
    character without a piece is spelled in bytes. The rarest characters get none when there are too many for `vocab`.
    """
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=lines(text, vocab),
        model_writer=model,
        model_type=kind,
        vocab_size=vocab,
        hard_vocab_limit=False,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        allow_whitespace_only_pieces=True,
        user_defined_symbols=["\n"],
        bos_id=-1,
        eos_id=-1,
        pad_id=-1,
        num_threads=THREADS,
        minloglevel=2,
    )
    return model.getvalue()


def lines(text: str, vocab: int) -> Iterator[str]:
    """The text in short lines without the characters that are not to become pieces; never none at all."""
    counts = Counter(text)
    # SentencePiece insists on a piece for each character it sees, so it must see no more than fit; a quarter is for learning
    kept = {character for character, _ in counts.most_common((vocab - OWN) * 3 // 4) if character not in RESERVED} | {" "}
    cut = dict.fromkeys(map(ord, counts.keys() - kept), "\n")
    empty = True
    for line in text.translate(cut).split("\n"):
        for start in range(0, len(line), LINE):
            yield line[start : start + LINE]
            empty = False
    if empty:
        yield " "


def main() -> int:
    """`learner.py KIND VOCAB`: UTF-8 text on stdin, the model on stdout, what went wrong on stderr."""
    try:
        model = train(sys.stdin.buffer.read().decode(), sys.argv[1], int(sys.argv[2]))
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(model)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
