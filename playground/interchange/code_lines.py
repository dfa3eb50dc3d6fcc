"""How code is written: templates whose lines name the option they belong to, and lines that fit the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from string import Template

from playground.interchange.code_page import fitted

Row = Mapping[str, str]
"""One use of a class: its settings by name, as they stand in the code."""

_ABSENT = ("None", "False", "0.0")
"""Texts of settings that say that an option is not there."""
_DEFAULTS = {"bias": "True", "scaled": "True", "learned": "True", "offset": "True", "window": "n_ctx", "qk_norm": '"none"'}
"""What is left out of calls; for all others it is what says that the option is not there."""
_TYPES = {
    "mask": "str", "qk_norm": "str", "pairing": "str", "bias": "bool", "learned": "bool", "offset": "bool", "scaled": "bool",
    "with_sink": "bool", "gated": "bool", "alibi": "bool", "steep": "bool", "slope": "float",
    "both_sides": "bool", "eps": "float", "base": "float",
    "soft_cap": "float", "pattern_dropout": "float", "activation": "Callable[[Tensor], Tensor]", "rotary": "Rotary",
    "distance": "T5Bias", "experts": "nn.ModuleList", "attention": "Attention", "cross": "CrossAttention",
    "mlp": "nn.Module",
}  # fmt: skip
"""How settings are annotated where they are arguments; all others are whole numbers."""
_POSITIONAL = ("attention", "cross", "mlp")
_CONDITION = re.compile(r"\s+#\? ")
_KEPT_A_LINE = 3


class Kind:
    """A class of the written file: its template, and the settings of everything that is made from it.

    A setting on which all agree is written into the code; one on which they differ becomes an argument. A template's line
    may end in `#? name`, `#? name=this|that` or `#? not name`: it is left out where no use of the class needs it, and stands
    behind an `if` where only some do. `#? else name` follows a line that returns. `flags` are true or false for all uses.
    """

    def __init__(
        self, name: str, template: str, rows: Iterable[Row], flags: Mapping[str, bool] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.name, self.rows, self._template = name, list(rows), template.strip("\n")
        settings = list(self.rows[0]) if self.rows else []
        differing = [setting for setting in settings if len(self._values(setting)) > 1]
        self.arguments = sorted(differing, key=lambda setting: self._default(setting) is not None)
        self._flags = {"arguments": bool(differing), **(flags or {})}
        self._texts = {"name": name, "arguments": "".join(f", {self._argument(setting)}" for setting in self.arguments)}
        self._texts |= texts or {}

    def call(self, row: Row, first: str = "") -> str:
        """The text that makes one, from `first` and the settings on which they differ."""
        return f"{self.name}({', '.join([first, *self.given(row)] if first else self.given(row))})"

    def given(self, row: Row) -> list[str]:
        """The settings on which they differ, as a call names them; what is the default is left out."""
        needed = [name for name in self.arguments if row[name] != self._default(name)]
        return [row[name] if name in _POSITIONAL else f"{name}={row[name]}" for name in needed]

    def lines(self) -> list[str]:
        """The class as code; none where nothing is made from it."""
        chosen = self._chosen() if self.rows else []
        text = "\n".join(f"{guard}\n{code}" for guard, code in chosen)
        used = [name for name in self.arguments if re.search(rf"self\.{name}\b(?! = )", text)]
        kept = [("", line) for line in _kept([name for name in used if f"self.{name} = " not in text])]
        whole = [part for line in chosen for part in (kept if line[1].strip() == "$kept" else [line])]
        return [part for line in _returned(_guarded(whole)) for part in fitted(line)]

    def _chosen(self) -> list[tuple[str, str]]:
        """The template's lines that are needed, filled in, each with the test of the `if` it stands behind, or ""."""
        found, prefix = [], "self."
        for line in self._template.splitlines():
            if "def " in line:  # arguments are at hand in __init__ alone
                prefix = "" if "def __init__" in line else "self."
            code, *conditions = _CONDITION.split(line)
            guard = self._guard(conditions[0], prefix) if conditions else ""
            if guard is None:
                continue
            code = Template(code).safe_substitute(self._filled(prefix))
            keeps = re.fullmatch(r"\s*self\.(\w+) = \1", code)  # an argument is kept, whatever it is
            found.append(("" if keeps else guard, code))
        return found

    def _values(self, setting: str) -> list[str]:
        """What a setting is in the uses of the class, each once."""
        return list(dict.fromkeys(row[setting] for row in self.rows))

    def _default(self, setting: str) -> str | None:
        wish = (_DEFAULTS[setting],) if setting in _DEFAULTS else _ABSENT
        return next((value for value in self._values(setting) if value in wish), None)

    def _argument(self, name: str) -> str:
        kind, default = _TYPES.get(name, "int"), self._default(name)
        return f"{name}: {kind}{' | None' if default == 'None' else ''}{f' = {default}' if default else ''}"

    def _filled(self, prefix: str) -> dict[str, str]:
        """What stands for each setting; `prefix` is where arguments are found."""
        texts = {}
        for name in self.rows[0]:
            texts[name] = f"{prefix}{name}" if name in self.arguments else self.rows[0][name]
        if "bias" in texts:  # torch's own default is left out
            texts["bias"] = "" if texts["bias"] == "True" else f", bias={texts['bias']}"
        return {"groups": texts.get("kv_heads", texts.get("heads", "")), **texts, **self._texts}

    def _guard(self, condition: str, prefix: str) -> str | None:
        """What decides about a line: nothing (it always stands), None (it never does), or the test of an `if`."""
        parts = [self._test(part, prefix) for part in condition.split(" and ")]
        return None if None in parts else " and ".join(part for part in parts if part)

    def _test(self, condition: str, prefix: str) -> str | None:
        wish, _, name = condition.rpartition(" ")
        if name in self._flags:
            return "" if self._flags[name] == (wish != "not") else None
        name, _, words = name.partition("=")
        values = self._values(name)
        wanted = [v for v in values if (v.strip('"') in words.split("|") if words else v not in _ABSENT)]
        if wish == "else":
            return None if len(wanted) == len(values) else ""
        if wish == "not":
            wanted = [value for value in values if value not in wanted]
        if not wanted or len(wanted) == len(values):
            return "" if wanted else None
        if words:
            return f"{prefix}{name} == {wanted[0]}" if len(wanted) == 1 else f"{prefix}{name} in ({', '.join(wanted)})"
        there = f"{prefix}{name} is not None" if "None" in values else f"{prefix}{name}"
        return f"not {there}" if wish == "not" else there


def number(value: float) -> str:
    """A number as one writes it: 1e-5, not 1e-05."""
    return re.sub(r"e([+-])0", r"e\1", repr(value))


def _kept(names: list[str]) -> list[str]:
    """Lines that keep arguments for later, a few on each."""
    parts = [names[start : start + _KEPT_A_LINE] for start in range(0, len(names), _KEPT_A_LINE)]
    return [f"        {', '.join(f'self.{name}' for name in part)} = {', '.join(part)}" for part in parts]


def _guarded(lines: list[tuple[str, str]]) -> list[str]:
    """The lines, each below the `if` it stands behind; neighbours share it."""
    found, behind = [], ""
    for guard, code in lines:
        if guard and guard != behind:
            found.append(f"{code[: len(code) - len(code.lstrip())]}if {guard}:")
        found.append(f"    {code}" if guard else code)
        behind = guard
    return found


def _returned(lines: list[str]) -> list[str]:
    """The lines; where a value gets a name only to be returned in the next one, it is returned itself."""
    found: list[str] = []
    for line in lines:
        name = line.removeprefix("        return ")
        if found and name != line and found[-1].startswith(f"        {name} = "):
            found[-1] = found[-1].replace(f"{name} = ", "return ", 1)
        else:
            found.append(line)
    return found
