"""The library of prompts: what is read, what is refused, and that the shipped ones keep what they promise."""

import pytest
import torch

from playground.places import shipped
from playground.spec.prompts import FILE, LibraryPrompt, few_shot, load


def test_a_folder_without_one_and_one_with(tmp_path):
    assert load(tmp_path) == ()
    (tmp_path / FILE).write_text('[[prompt]]\ntext = "a"\nexpect = "b"\n[[prompt]]\ntext = "c"\nnext = "d"\n', encoding="utf-8")
    assert load(tmp_path) == (LibraryPrompt("a", "b"), LibraryPrompt("c", next="d"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('text = "a', "no TOML"), ('[prompt]\ntext = "a"\n', "below a line"), ('[[prompt]]\nexpect = "a"\n', "prompt 1 has no text"),
        ('[[prompt]]\ntext = "a"\n[[prompt]]\ntext = 3\n', "prompt 2 has “text”"),
        ('[[prompt]]\ntext = "a"\nfoo = "b"\n', "“foo”"), (b"\xff\xfe", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path, content, said):
    (tmp_path / FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=said) as caught:
        load(tmp_path)
    assert FILE in str(caught.value)


def test_examples_come_before_the_question():
    assert few_shot([("2 3", "5"), ("", "x"), ("1 1", "2")], "4 4") == "2 3 -> 5\n1 1 -> 2\n4 4 ->"
    assert few_shot([], "a", ": ") == "a:"


@pytest.mark.parametrize("name", sorted(path.parent.name for path in shipped("models").glob(f"*/{FILE}")))
def test_the_shipped_ones_keep_what_they_promise(name):
    from playground.training.run import Run
    from playground.views.subject import Subject
    from playground.worker.answer import answer
    from playground.worker.commands import Ask

    prompts = load(shipped("models") / name)
    assert prompts
    assert all(each.expect.endswith(".") for each in prompts)
    run = Run.open(shipped("models") / name, device="cpu")
    subject = Subject(run.trainer.model, run.corpus, run.trainer.history, 0, torch.device("cpu"))
    for each in prompts:
        said = answer(subject, Ask(each.text, length=4, temperature=0.0))
        assert said.note.strip() in ("", "_ is a blank."), (each.text, said.note)
        assert said.choices
        assert not each.next or said.choices[0][0] == each.next, (each.text, said.choices[:3])
