"""What goes wrong with data, in words."""

from __future__ import annotations


class DataError(Exception):
    """A text or tokenizer that cannot be used: what, why, and what to do; `fix` is a field and the value that would work."""

    def __init__(self, what: str, why: str = "", remedy: str = "", fix: tuple[str, int] | None = None) -> None:
        super().__init__(" ".join(part for part in (what, why, remedy) if part))
        self.what, self.why, self.remedy, self.fix = what, why, remedy, fix


class Cancelled(Exception):
    """Raised inside a long job when the person gave it up."""
