"""Progress on the terminal: a live bar where there is one, a few plain lines where there is none."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO, Any

from vaeaudit.progress import Progress
from vaeaudit.storage.locks import temporary_folder
from vaeaudit.wording import numbers

_WORDS = {
    "reading": "Reading",
    "starting": "Starting TensorFlow",
    "choosing": "Choosing beta by short trainings",
    "training": "Training",
    "refitting": "Refitting from another seed",
    "scoring": "Scoring rows",
    "analysing": "Analysing",
    "generating": "Drawing",
    "planting": "Planting faults in copies",
    "writing": "Writing",
}
#: Without a terminal, one line per this many epochs of these phases.
_BY_EPOCHS = ("choosing", "training", "refitting")
_EPOCHS_PER_LINE = 10


class Display:
    """Shows `Progress` on standard error and turns Ctrl-C into a clean end of the training.

    Parameters
    ----------
    quiet
        Show nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.interrupted = False
        self._phase = ""
        self._bar: Any = None
        self._task: Any = None
        self._stream: IO[str] = sys.stderr

    @contextmanager
    def shown(self) -> Iterator[Display]:
        """Show progress, and watch for SIGINT and SIGTERM, within the block, whose temporary files go when it ends."""
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        self._open()
        try:
            with temporary_folder():
                yield self
        finally:
            if self._bar is not None:
                self._bar.stop()
            if self._stream is not sys.stderr:
                self._stream.close()
                self._stream = sys.stderr
            for number, handler in previous.items():
                signal.signal(number, handler)

    def listen(self, progress: Progress) -> None:
        """Show where the task stands."""
        begins = progress.phase != self._phase
        self._phase = progress.phase
        if self.quiet:
            return
        if self._bar is None:
            self._line(progress, begins=begins)
            return
        self._bar.update(
            self._task,
            description=_WORDS[progress.phase],
            completed=progress.done or 0,
            total=progress.total,
            detail=_detail(progress),
        )

    def is_interrupted(self) -> bool:
        """Whether the user asked to stop."""
        return self.interrupted

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._phase != "training" or self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True
        if not self.quiet:
            # Not through the stream: a handler may run in the middle of one of its writes.
            os.write(self._stream.fileno(), b"\nStopping after this step; press Ctrl-C again to stop at once.\n")

    def _open(self) -> None:
        self.quiet = self.quiet or sys.stderr is None  # closed by whoever started us
        if self.quiet:
            return
        # A copy of standard error: what TensorFlow writes while it is imported is held back, the bar is not.
        self._stream = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")
        if not self._stream.isatty():
            return
        from rich.console import Console  # noqa: PLC0415 - costs a tenth of a second
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=Console(file=self._stream),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, detail="")
        self._bar.start()

    def _line(self, progress: Progress, *, begins: bool) -> None:
        every = progress.phase in _BY_EPOCHS and progress.done and progress.done % _EPOCHS_PER_LINE == 0
        if begins or every:
            detail = _detail(progress)
            count = f" {progress.done}/{progress.total}" if every else ""
            self._stream.write(f"{_WORDS[progress.phase]}{count}{' · ' if detail else ''}{detail}\n")
            self._stream.flush()


def _detail(progress: Progress) -> str:
    parts = []
    if progress.loss is not None:
        parts.append(f"loss {numbers.nats(progress.loss)}")
    if progress.kl is not None:
        parts.append(f"KL {numbers.nats(progress.kl)} nats")
    if progress.active is not None:
        parts.append(f"{progress.active} active")
    if progress.seconds_left is not None:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        parts.append(f"at most {minutes}:{seconds:02d} left")
    return " · ".join(parts)
