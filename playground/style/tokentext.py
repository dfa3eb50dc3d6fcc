"""How a token is shown: spaces, line ends and control characters made visible, quotes where it stands in a sentence."""

from __future__ import annotations

_VISIBLE = {"\n": "⏎", "\t": "⇥", "\r": "␍", " ": "␣", "": "∅"}


def label(token: str, width: int = 10) -> str:
    """A token on an axis: inner spaces stay, a leading space becomes a small mark, long tokens are shortened."""
    if token in _VISIBLE:
        return _VISIBLE[token]
    shown = "".join(_VISIBLE[c] if c in "\n\t\r" else c if c.isprintable() else "�" for c in token)
    if shown.strip(" ") == "":
        shown = "␣" * len(shown)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def quoted(token: str) -> str:
    """A token in a sentence, in quotes."""
    return f"“{label(token, 24)}”"
