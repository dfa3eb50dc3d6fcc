"""The tree of branches: each is an answer that the person has led another way at one of its tokens."""

from __future__ import annotations

from dataclasses import dataclass

FREE = "as the model goes on"


@dataclass
class Branch:
    """One way on: the tokens that were chosen for it, which branch it left, and what it says by now."""

    forced: tuple[int, ...]
    parent: int | None
    label: str
    text: str = ""


class Branches:
    """All branches of one prompt, the first is the answer nobody has meddled with; `here` is the one that is shown."""

    def __init__(self) -> None:
        self.all: list[Branch] = []
        self.here = 0
        self.forget()

    @property
    def current(self) -> Branch:
        """The branch that is shown."""
        return self.all[self.here]

    def forget(self) -> None:
        """Another prompt, or another vocabulary: only the free answer is left."""
        self.all, self.here = [Branch((), None, FREE)], 0

    def grow(self, forced: tuple[int, ...], label: str) -> bool:
        """Go to the branch of these tokens; a new one leaves the current branch. Whether it is new."""
        known = next((at for at, branch in enumerate(self.all) if branch.forced == forced), None)
        if known is None:
            self.all.append(Branch(forced, self.here, label))
        self.here = len(self.all) - 1 if known is None else known
        return known is None

    def move(self, index: int) -> None:
        """Show another branch. Raises IndexError for one that is not there."""
        if not 0 <= index < len(self.all):
            raise IndexError(f"there are {len(self.all)} branches")
        self.here = index

    def depth(self, index: int) -> int:
        """How many branches lie between one and the free answer."""
        parent = self.all[index].parent
        return 0 if parent is None else 1 + self.depth(parent)

    def order(self) -> list[int]:
        """All of them, each behind the one it has left."""
        made: list[int] = []

        def visit(index: int) -> None:
            made.append(index)
            for child, branch in enumerate(self.all):
                if branch.parent == index:
                    visit(child)

        visit(0)
        return made
