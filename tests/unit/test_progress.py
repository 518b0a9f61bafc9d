"""Progress is plain values; nobody needs to listen."""

from __future__ import annotations

import dataclasses

import pytest

from vaeaudit.progress import Progress, ignore


def test_a_phase_alone_is_progress() -> None:
    progress = Progress("reading")
    assert dataclasses.astuple(progress) == ("reading", None, None, None, None, None, None)


def test_progress_cannot_be_changed_by_a_listener() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Progress("training", 1, 2).done = 5  # type: ignore[misc]


def test_to_ignore_progress_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    ignore(Progress("training", 1, 2))
    assert capfd.readouterr() == ("", "")
