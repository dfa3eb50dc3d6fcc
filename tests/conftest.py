"""What every test gets: Qt without a screen, no network, folders of its own, and no thread or timer left behind."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import threading  # noqa: E402

import pytest  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """Caches and documents of a test never touch those of the person."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DOCUMENTS_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home))
    return home


@pytest.fixture(autouse=True)
def no_engine_left_behind():
    """An engine thread that outlives its test would train on into the next one."""
    yield
    left = [thread for thread in threading.enumerate() if thread.name == "engine"]
    for thread in left:
        thread.join(5)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture(autouse=True)
def the_usual_theme():
    """A theme, or a type size, that a test has put on would change the colours and the room of the next."""
    yield
    from playground.style import theme

    application = QApplication.instance()
    if isinstance(application, QApplication) and (theme.theme() is not theme.DARK or theme.points() != theme.BASE_POINTS):
        theme.apply(application, "dark")
