"""Judgements on a run are added to it after its manifest: under its lock, whole or not at all, those before kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from vaeaudit.errors import UsageError
from vaeaudit.outputs.judgements import Judgement
from vaeaudit.runs import artifacts, store
from vaeaudit.runs.reading import Run
from vaeaudit.storage.files import cannot_write
from vaeaudit.storage.locks import LOCK, PATIENCE, Lock


def keep_judgements(run: Run, new: Sequence[Judgement]) -> None:
    """Add judgements behind those that the run has.

    Parameters
    ----------
    run
        Complete.
    new
        In the order in which they were made.

    Raises
    ------
    UsageError
        Where the run cannot be written, or another process is adding judgements.
    """
    path = run.path / artifacts.JUDGEMENTS.name
    try:
        lock = Lock.take(run.path / LOCK, patience=PATIENCE)
    except OSError as error:
        raise cannot_write(path, error) from error
    if lock is None:
        raise UsageError(f"{path}: another vaeaudit is writing judgements.", hint="Wait for it, and try again.")
    with lock:
        kept = run.judgements
        store.write_json(path, asdict(replace(kept, given=(*kept.given, *new))))
