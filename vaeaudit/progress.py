"""What a long task tells about itself, for whoever shows it: a terminal, a notebook, a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """Where a task stands.

    Attributes
    ----------
    phase
        `reading`, `starting`, `choosing`, `training`, `refitting`, `scoring`, `analysing`, `generating`,
        `planting`, `writing`.
    done, total
        Epochs while choosing, training and refitting, rows while scoring, copies while planting; None where the phase
        has no measure.
    loss, kl, active
        While training: held-out objective and KL per row in nats, and the number of active latents.
    seconds_left
        Where it can be told.
    """

    phase: str
    done: int | None = None
    total: int | None = None
    loss: float | None = None
    kl: float | None = None
    active: int | None = None
    seconds_left: float | None = None


Listener = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Show nothing."""


@dataclass
class Stopwatch:
    """Seconds per phase, and the listener that is told which phase begins."""

    listener: Listener
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure one phase."""
        self.listener(Progress(name))
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 3)
