"""The command line as scripts use it: contract, messages, exit statuses."""

import json
import signal
import subprocess
import sys
from functools import partial

import pytest

from playground import cli, doctor


def playground(*arguments, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-m", "playground", *map(str, arguments)],
        capture_output=True, text=True, timeout=240, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "verse.txt"
    path.write_text("the cat sat on the mat and the dog sat on the log\n" * 200, encoding="utf-8")
    return path


SMALL = ("--set", "model.d_model=32", "--set", "model.n_ctx=16", "--set", "training.validation_windows=8")


def test_train_json_tells_steps_validations_and_the_end(text, tmp_path):
    out = tmp_path / "saved"
    done = playground("train", "nanogpt-cpu", "--text", text, "--steps", 6, "--device", "cpu", "--json", "--out", out, *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    steps = [event for event in events if event["event"] == "step"]
    assert [event["step"] for event in steps] == [1, 2, 3, 4, 5, 6]
    assert set(steps[0]) == {"event", "step", "loss", "tokens_per_s"}
    assert {"event", "step", "loss"} == set(next(event for event in events if event["event"] == "validation"))
    last = events[-1]
    assert set(last) == {"event", "steps", "val_loss", "seconds", "parameters"}
    assert last["event"] == "done"
    assert last["steps"] == 6
    assert (out / "experiment.toml").is_file()

    resumed = playground("train", "nanogpt-cpu", "--resume", out, "--steps", 9, "--device", "cpu", "--json")
    assert resumed.returncode == 0, resumed.stderr
    first = json.loads(resumed.stdout.splitlines()[0])
    assert first["step"] == 7


def test_a_resumed_run_equals_one_that_never_stopped(text, tmp_path):
    half, whole = tmp_path / "half", tmp_path / "whole"
    common = ("--text", text, "--device", "cpu", "--json", *SMALL, "--set", "training.steps=8", "--set", "training.warmup=2",
              "--set", "training.precision=float32")  # which one is faster is measured, and may come out differently  # fmt: skip
    assert playground("train", "nanogpt-cpu", *common, "--steps", 8, "--out", whole).returncode == 0
    # the schedule belongs to the experiment, so the first half is trained as part of the same eight steps
    first = playground("train", "nanogpt-cpu", *common, "--steps", 4, "--out", half)
    assert first.returncode == 0, first.stderr
    done = playground("train", "nanogpt-cpu", "--resume", half, "--steps", 8, "--device", "cpu", "--json", "--out", half)
    assert done.returncode == 0, done.stderr
    assert (half / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "no-such-model"), "There is no model"),
        (("train", "nanogpt-cpu", "--text", "/no/such/file.txt"), "/no/such/file.txt"),
        (("train", "nanogpt-cpu", "--set", "model.d_model"), "PATH=VALUE"),
        (("train", "nanogpt-cpu", "--set", "model.width=3"), "model.width: there is no such field"),
        (("train", "nanogpt-cpu", "--set", "model.d_model=126"), "does not divide d_model = 126"),
        (("train", "nanogpt-cpu", "--device", "cuda", "--steps", "1"), "CUDA"),
        (("train", "nanogpt-cpu", "--resume", "/no/such/folder"), "/no/such/folder"),
        (("--model", "no-such-model"), "There is no model"),
        (("--text", "/no/such/file.txt"), "/no/such/file.txt"),
        (("--screenshot", "/no/such/folder/picture.png"), "/no/such/folder"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(arguments, says):
    done = playground(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_display_it_says_what_to_do_instead(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    done = playground()
    assert done.returncode == 2
    assert "no display" in done.stderr
    assert "--screenshot" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_missing_library_of_qt_names_its_package(monkeypatch):
    def refuse(name):
        raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(doctor.importlib, "import_module", refuse)
    fault = doctor.qt_fault()
    assert "libEGL.so.1" in fault
    assert "libegl1" in fault


def test_doctor_reports_versions_and_devices():
    done = playground("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("python", "torch", "PySide6-Essentials", "accelerator", "models"):
        assert word in done.stdout


def test_models_lists_every_shipped_model(capsys):
    assert cli.main(["models"]) == 0
    said = capsys.readouterr().out
    assert "gpt" in said
    assert "nanogpt-cpu" in said


def test_size_is_checked(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--size", "wide"])
    assert "1280x720" in capsys.readouterr().err


def test_where_it_cannot_be_saved_is_said_before_training(text, tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    done = playground("train", "nanogpt-cpu", "--text", text, "--steps", 100_000_000, "--out", tmp_path / "taken")
    assert done.returncode == 2
    assert "file of that name" in done.stderr


def test_a_resume_says_what_it_lacks(text, tmp_path):
    common = ("--text", text, "--device", "cpu", *SMALL)
    assert playground("train", "nanogpt-cpu", *common, "--steps", 2, "--out", tmp_path / "made").returncode == 0
    (tmp_path / "made" / "state.safetensors").unlink()
    done = playground("train", "nanogpt-cpu", "--resume", tmp_path / "made", "--steps", 3, "--json")
    assert "optimiser starts anew" in done.stderr
    assert json.loads(done.stdout.splitlines()[0])["step"] == 3
    (tmp_path / "made" / "model.safetensors").unlink()
    assert "starts from step 0" in playground("train", "nanogpt-cpu", "--resume", tmp_path / "made", "--steps", 1).stderr


def test_a_reader_that_leaves_early_is_no_fault(text):
    command = [sys.executable, "-m", "playground", "train", "nanogpt-cpu", "--text", str(text), "--steps", "100000", "--json",
               *map(str, SMALL)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 1
    assert "Traceback" not in said


@pytest.mark.parametrize("arguments", [("--after-steps", "-5"), ("--screenshot", "x.xyz"), ("train", "gpt", "--steps", "1.5")])
def test_numbers_and_pictures_that_cannot_be(arguments):
    done = playground(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr


def test_an_interrupted_training_is_saved(text, tmp_path):
    command = [sys.executable, "-m", "playground", "train", "nanogpt-cpu", "--text", str(text), "--steps", "1000000", "--json",
               "--out", str(tmp_path / "kept"), *map(str, SMALL)]  # fmt: skip
    # whoever runs the tests in the background may have switched the signal off for all that they start
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as process:  # noqa: PLW1509
        for _ in range(5):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "goes on" in said
    done = playground("train", "nanogpt-cpu", "--resume", tmp_path / "kept", "--steps", 1, "--json")
    assert json.loads(done.stdout.splitlines()[-1])["steps"] >= 5
