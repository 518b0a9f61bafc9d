"""Progress: a few plain lines without a terminal, a live bar on one, nothing when quiet; Ctrl-C ends cleanly."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

from vaeaudit.cli.progress_display import Display
from vaeaudit.progress import Progress

EPOCHS = [Progress("training", done, 20, 12.345, 3.21, 4, 65.0) for done in range(1, 21)]


def test_without_a_terminal_each_phase_is_a_line_and_every_tenth_epoch_too(capfd: pytest.CaptureFixture[str]) -> None:
    with Display(quiet=False).shown() as display:
        display.listen(Progress("reading"))
        display.listen(Progress("training", 0, 20))
        for progress in EPOCHS:
            display.listen(progress)
        display.listen(Progress("scoring", 100, 300))
        display.listen(Progress("scoring", 300, 300))
    detail = "loss 12.35 · KL 3.21 nats · 4 active · at most 1:05 left"
    assert capfd.readouterr().err.splitlines() == [
        "Reading",
        "Training",
        f"Training 10/20 · {detail}",
        f"Training 20/20 · {detail}",
        "Scoring rows",
    ]


def test_quiet_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with Display(quiet=True).shown() as display:
        for progress in EPOCHS:
            display.listen(progress)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_during_training_asks_it_to_stop_and_the_second_stops_at_once(
    capfd: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    with Display(quiet=False).shown() as display:
        display.listen(Progress("training", 0, 20))
        assert not display.is_interrupted()
        signal.raise_signal(number)
        assert display.is_interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert capfd.readouterr().err.count("press Ctrl-C again to stop at once") == 1


def test_a_signal_in_any_other_phase_stops_at_once() -> None:
    with Display(quiet=True).shown() as display:
        display.listen(Progress("reading"))
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert not display.is_interrupted()


def test_the_signal_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), Display(quiet=True).shown():
        raise ZeroDivisionError
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def on_a_terminal(environment: dict[str, str]) -> str:
    """What a terminal sees of a short training."""
    code = (
        "from vaeaudit.cli.progress_display import Display\n"
        "from vaeaudit.progress import Progress\n"
        "import time\n"
        "with Display(quiet=False).shown() as display:\n"
        "    for done in range(1, 4):\n"
        "        display.listen(Progress('training', done, 20, 12.345, 3.21, 4, 65.0))\n"
        "        time.sleep(0.15)\n"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "110", **environment},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed: Linux says so with an error
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait(timeout=30) == 0
    return seen.decode("utf-8")


def test_a_terminal_sees_phase_epoch_loss_kl_active_latents_and_time_left() -> None:
    seen = on_a_terminal({})
    for text in ("Training", "3/20", "loss 12.35", "KL 3.21 nats", "4 active", "at most 1:05 left"):
        assert text in seen


def test_no_color_is_respected_on_a_terminal() -> None:
    assert "\x1b[3" in on_a_terminal({"NO_COLOR": ""})
    assert "\x1b[3" not in on_a_terminal({"NO_COLOR": "1"})
