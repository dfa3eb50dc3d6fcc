"""An experiment: model, task, training and seed. It is the document that is edited, undone, saved and shared."""

from __future__ import annotations

from typing import Literal

from playground.spec.domains import Domains
from playground.spec.model import ModelSpec
from playground.spec.record import Record, field
from playground.spec.training import TrainingSpec as TrainingSpec

PYTHON_DOCS = "python-docs"

GENERATED = (
    "copy", "reverse", "sort", "addition", "addition-reversed", "modular-addition", "parity", "two-sum", "temporal-order",
    "dates", "number-words", "induction", "copy-memory", "brackets", "markov", "grammar", "digits-paint", "digits-classify",
    "instructions",
)  # fmt: skip
"""Tasks whose questions and answers are drawn at random; `data.tasks` has a row for each."""

OWN = ("text", "pairs", "triples")
"""What is learned from a file: a text, or a table of questions with their answers, or with an instruction to each as well."""

TOLD = ("instructions", "triples")
"""Tasks whose questions begin with an instruction in words, behind which gist tokens can stand."""

DOMAINS = "domains"
"""Several domains at once, text among them; `data.worlds` has what each is."""

Objective = Literal["next", "masked", "prefix", "sequence"]


class TokenizerSpec(Record):
    """How text is cut into tokens."""

    kind: Literal["characters", "bytes", "bpe", "unigram"] = field(
        "bpe",
        "Tokenizer",
        "Characters or bytes as they are, or pieces of words learned from the text with SentencePiece.",
        change="fresh",
        cite="Kudo & Richardson 2018",
        url="https://arxiv.org/abs/1808.06226",
    )
    vocab: int = field(
        1024, "Pieces", "How many pieces BPE or unigram have, the 256 bytes among them.", change="fresh", ge=272, le=65536
    )


class TaskSpec(Record):
    """What is learned, and from what."""

    kind: Literal[  # OWN, GENERATED and DOMAINS, written out for the type checker
        "text", "pairs", "triples", "copy", "reverse", "sort", "addition", "addition-reversed", "modular-addition", "parity",
        "two-sum", "temporal-order", "dates", "number-words", "induction", "copy-memory", "brackets", "markov", "grammar",
        "digits-paint", "digits-classify", "instructions", "domains",
    ] = field(
        "text",
        "Task",
        "A text; pairs of texts from a table of yours, to be turned one into the other, or triples of instruction, input and "
        "answer; questions whose answers are known, drawn at random from the seed; or several domains at once, worlds to act "
        "in among them.",
        change="fresh",
    )  # fmt: skip
    text: str = field(
        PYTHON_DOCS,
        "Text",
        "python-docs is CPython's own documentation; anything else is the path of a file. Pairs are a TSV or CSV file, source "
        "and target in its first two columns; triples have an instruction before them.",
        change="fresh",
        when=("kind", (*OWN, DOMAINS)),
    )
    examples: int = field(
        20_000,
        "Examples",
        "How many questions there are to learn from.",
        change="fresh",
        ge=10,
        le=1_000_000,
        when=("kind", GENERATED),
    )
    tokenizer: TokenizerSpec = TokenizerSpec()
    objective: Literal["auto", "next", "masked", "prefix", "sequence"] = field(
        "auto",
        "Objective",
        "What the model is asked for. auto follows from the architecture: a decoder predicts the next token, an encoder fills "
        "in masked ones, and where there are both the decoder goes on from what the encoder has read. prefix: a decoder that "
        "is asked only for what comes after a prefix.",
        change="fresh",
        cite="Phuong & Hutter 2022, Algorithms 11 to 13; Raffel et al. 2019 (prefix)",
        url="https://arxiv.org/abs/2207.09238",
    )
    mask_ratio: float = field(
        0.15, "Masked share", "The share of tokens that is hidden.", change="fresh", gt=0.0, lt=1.0, step=0.05,
        cite="Devlin et al. 2018, §3.1", url="https://arxiv.org/abs/1810.04805",
    )  # fmt: skip
    mask_rule: Literal["always", "bert"] = field(
        "always",
        "Hidden by",
        "always: the mask token stands in their place, as Algorithm 12 is printed. bert: for 80 % of them; 10 % become a "
        "random token, 10 % stay.",
        change="fresh",
        cite="Devlin et al. 2018, §3.1",
        url="https://arxiv.org/abs/1810.04805",
    )
    word_drop: float = field(
        0.0,
        "Word drop",
        "Share of the words of each instruction that are replaced by the mask token in training, so that no wording is learned "
        "by heart.",
        change="hot",
        cite="Gal & Ghahramani 2016, §4.2",
        url="https://arxiv.org/abs/1512.05287",
        ge=0.0,
        lt=1.0,
        step=0.05,
        when=("kind", TOLD),
    )
    validation: float = field(
        0.1,
        "Validation share",
        "Share of the text, at its end, or of the pairs, that is never trained on.",
        change="fresh",
        gt=0.0,
        le=0.5,
        step=0.05,
        when=("kind", (*OWN, DOMAINS)),
    )
    domains: Domains = Domains()

    @property
    def generated(self) -> bool:
        """Whether its questions are drawn at random, with symbols of their own."""
        return self.kind in GENERATED

    @property
    def table(self) -> bool:
        """Whether it is learned from a table of the person's own."""
        return self.kind in ("pairs", "triples")


class Experiment(Record):
    """Model, task, training and seed: everything that decides a run."""

    model: ModelSpec = ModelSpec()
    task: TaskSpec = TaskSpec()
    training: TrainingSpec = TrainingSpec()
    seed: int = field(
        0, "Seed", "The same seed and the same experiment give the same run on a CPU.", change="fresh", ge=0, le=2**31 - 1
    )

    @property
    def objective(self) -> Objective:
        """What the model is asked for, settled."""
        natural: dict[str, Objective] = {
            "decoder-only": "next", "encoder-only": "masked", "encoder-decoder": "sequence"
        }  # fmt: skip
        wish = self.task.objective
        return natural[self.model.architecture] if wish == "auto" else wish

    @property
    def gisted(self) -> bool:
        """Whether gist tokens stand behind instructions; gist is then the last token of the vocabulary."""
        return self.model.gist.mask != "none"

    @property
    def marked(self) -> bool:
        """Whether the vocabulary ends in the special tokens mask, bos and eos."""
        return self.task.kind not in ("text", DOMAINS) or self.objective in ("masked", "sequence")
