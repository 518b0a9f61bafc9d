"""What the targets of the Makefile need of pytest: the fast loop, tests that need a browser, several workers.

`--fast` leaves out whatever needs TensorFlow or a browser, makes it an error to import TensorFlow, and draws fewer
examples of what properties are tried on; `--require-browser` makes it an error that there is no browser. What several
workers need is made by one of them.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable
from functools import cache
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

#: Folders whose test modules import TensorFlow, so that the fast loop does not even collect them.
TRAINING_FOLDERS = ("unit/models", "unit/workflow/trained", "integration")
#: Fixtures that train a model.
TRAINING_FIXTURES = frozenset({"fitted", "demonstrated"})
#: Examples of a property in the fast loop, unless the test says how many; a hundred without `--fast`.
FAST_EXAMPLES = 25
BROWSERS, DRIVERS = ("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)
INSTALL = "install chromium and chromedriver (Debian, Ubuntu: apt-get install chromium chromium-driver)"
TESTS = Path(__file__).parent


class NoTensorFlow(MetaPathFinder):
    """Refuses to import TensorFlow and Keras."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname.partition(".")[0] in {"tensorflow", "tensorflow_probability", "keras", "tf_keras"}:
            raise AssertionError(f"the fast loop imports {fullname}: mark this test `tensorflow`")


def program(names: tuple[str, ...]) -> str | None:
    """Return the path of the first of some programs that is installed."""
    return next(filter(None, map(shutil.which, names)), None)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("vaeaudit")
    group.addoption("--fast", action="store_true", help="leave out what needs TensorFlow or a browser")
    group.addoption("--require-browser", action="store_true", help="fail where the browser tests cannot run")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.require_browser and not (program(BROWSERS) and program(DRIVERS)):
        raise pytest.UsageError(f"--require-browser: {INSTALL}")
    if config.option.fast:
        refuse = NoTensorFlow()
        sys.meta_path.insert(0, refuse)
        config.add_cleanup(lambda: sys.meta_path.remove(refuse))
        settings.register_profile("fast", settings(), max_examples=FAST_EXAMPLES)  # else as loaded
        settings.load_profile("fast")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    left_out = config.option.fast and any(collection_path == TESTS / folder for folder in TRAINING_FOLDERS)
    return True if left_out else None


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marker
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    no_browser = pytest.mark.skip(reason=INSTALL)
    lacks_browser = not (program(BROWSERS) and program(DRIVERS))
    for item in items:
        if trains(item):
            item.add_marker("tensorflow")
        if item.get_closest_marker("browser") and lacks_browser:
            item.add_marker(no_browser)
    if config.option.fast:
        kept: dict[bool, list[pytest.Item]] = {True: [], False: []}
        for item in items:
            kept[not any(item.get_closest_marker(name) for name in ("tensorflow", "browser"))].append(item)
        items[:] = kept[True]
        config.hook.pytest_deselected(items=kept[False])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage seldom, and not in what was imported: to look through it again and again takes minutes."""
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_unconfigure(config: pytest.Config) -> None:
    gc.freeze()  # nor once more at the end of the process


def trains(item: pytest.Item) -> bool:
    """Return whether a test needs TensorFlow: by its room, by a fixture, or because it is marked."""
    return in_training_room(item.path) or not TRAINING_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


@cache
def in_training_room(path: Path) -> bool:
    return any((TESTS / folder) in path.parents for folder in TRAINING_FOLDERS)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if INSTALL in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} browser tests were skipped: {INSTALL}")


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """`made_once(name, make)`: a folder that `make(folder)` filled; one worker makes it, the others find it."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder_of(name: str, make: Callable[[Path], object]) -> Path:
        folder, made = root / name, root / f"{name}.made"
        with FileLock(root / f"{name}.lock"):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what another worker failed to make
                folder.mkdir()
                make(folder)
                made.touch()
        return folder

    return folder_of
