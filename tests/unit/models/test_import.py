"""What native code writes while TensorFlow is imported is held back, unless the import fails."""

from __future__ import annotations

import gc
import os

import pytest

from vaeaudit.models import native_stderr_held_back, without_collections


def test_native_chatter_is_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    with native_stderr_held_back():
        os.write(2, b"about my build\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_what_native_code_said_before_a_failure_is_let_out(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with native_stderr_held_back():
            os.write(2, b"no such library\n")
            raise ImportError("tensorflow")

    with pytest.raises(ImportError):
        fail()
    assert capfd.readouterr().err == "no such library\n"


def test_without_a_standard_error_nothing_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    with native_stderr_held_back():
        pass


def test_garbage_is_collected_again_after_an_import_and_after_a_failure() -> None:
    with without_collections():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ImportError), without_collections():
        raise ImportError("tensorflow")
    assert gc.isenabled()


def test_collections_that_somebody_else_has_stopped_stay_stopped() -> None:
    gc.disable()
    try:
        with without_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
