"""`review`: rows of the list are put to a reader; what was judged is kept in the run, and what follows is said."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.results import Review
from vaeaudit.analysis.outliers.review import proposals_table, propose, review_of, row_contents
from vaeaudit.data.judgements import GivenJudgement, read_judgements
from vaeaudit.errors import UsageError
from vaeaudit.outputs.judgements import Judgement, Verdict
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.runs import artifacts
from vaeaudit.runs.judgements import keep_judgements
from vaeaudit.runs.reading import Run
from vaeaudit.storage.csv_safe import to_csv
from vaeaudit.storage.files import make_folder, new_file
from vaeaudit.workflow.inputs import REVIEWS, inputs_of, loaded, sweep

#: Row id -> judgement and note; and what puts rows to a reader, as a table like that of the CSV.
Answers = dict[str, tuple[Verdict, str]]
Ask = Callable[[pd.DataFrame], Answers]


@dataclass(frozen=True, repr=False)
class Reviewed:
    """Rows to be judged, and what the judgements so far say.

    Attributes
    ----------
    proposed
        One row per row that is to be judged, most telling first; the file that is read back.
    kept
        Judgements that this call has added to the run.
    outdated
        Row ids of judgements that were not added, since the rows hold other values now; they are proposed again.
    review
        What all judgements say; None before anybody judged.
    path
        Of the CSV of `proposed`, or, where judgements came in and no other place was named, of those of the run.
    """

    proposed: pd.DataFrame
    kept: tuple[Judgement, ...]
    outdated: tuple[str, ...]
    review: Review | None
    path: Path

    def __repr__(self) -> str:
        return f"<Review: {len(self.kept)} judgements added, {len(self.proposed)} rows to judge. See {self.path}>"


def review(
    run: Run | Path | str | None = None,
    *,
    rows: int = 12,
    out: Path | str | None = None,
    judgements: Path | str | None = None,
    by: str | None = None,
    ask: Ask | None = None,
    on_progress: Listener = ignore,
) -> Reviewed:
    """Take a reader's judgements on the rows of highest score, and say how right the list is.

    Parameters
    ----------
    run
        A run or its folder; the newest complete run of `runs/` where None.
    rows
        How many rows are proposed, spread over the first hundred of the list.
    out
        CSV of the rows that are proposed, which must not exist: it may hold judgements. Where None, a new one in
        `reviews/`, unless judgements are given here.
    judgements
        CSV with columns `row_id` and `judgement` (`sound` or `is so in the world`, `wrong` or `cannot exist`), such as
        `out` once it is filled in.
    by
        The reader's name; that of the system's user where None.
    ask
        Puts the proposed rows to a reader at once.
    on_progress
        As for `report`.

    Returns
    -------
    Reviewed
        Rows still to be judged, and what follows from all judgements.

    Raises
    ------
    UsageError, InputError
        Where something given cannot be used.
    """
    if rows < 1:
        raise UsageError(f"--rows {rows}: expected a whole number from 1 on.")
    reader, watch = _reader(by), Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
        inputs = inputs_of(run, run.config.analysis)
        given = () if judgements is None else read_judgements(Path(judgements), inputs.row_ids.astype(str))
    if ask is not None:
        answers = ask(proposals_table(inputs, propose(inputs, rows, by=reader)))
        given = (*given, *(GivenJudgement(0, row_id, *answer) for row_id, answer in answers.items()))
    new, outdated = _of_rows(inputs, given, reader)
    if new:
        keep_judgements(run, new)
        inputs = inputs_of(run, run.config.analysis)
    with watch.phase("analysing"):
        proposed = proposals_table(inputs, propose(inputs, rows, by=reader))
        found = review_of(inputs, run.config.analysis)
    with watch.phase("writing"):
        path = run.path / artifacts.JUDGEMENTS.name
        if out is not None or (ask is None and judgements is None):
            path = _write(proposed, _new_place(run.id) if out is None else Path(out))
    return Reviewed(proposed, new, outdated, found, path)


def _new_place(run_id: str) -> Path:
    places = (REVIEWS / f"{run_id}{'' if number == 1 else f'-{number}'}.csv" for number in count(1))
    return next(place for place in places if not place.exists())


def _write(proposed: pd.DataFrame, path: Path) -> Path:
    make_folder(path.parent, option="--out")
    with new_file(path) as stream:
        stream.write(to_csv(proposed))
    return path


def _reader(by: str | None) -> str:
    try:
        name = " ".join((getpass.getuser() if by is None else by).split())
    except (OSError, KeyError, ImportError):  # a container may have no user of that number
        name = ""
    if not name or len(name) > 100 or not name.isprintable():
        raise UsageError("--by: expected the reader's name, of at most 100 characters.")
    return name


def _of_rows(
    inputs: AuditInputs, given: Iterable[GivenJudgement], by: str
) -> tuple[tuple[Judgement, ...], tuple[str, ...]]:
    """Return judgements on the run's rows that the reader has not made before, and ids of rows that were others."""
    at = {str(row_id): place for place, row_id in enumerate(inputs.row_ids)}
    listed = list(given)
    contents = row_contents(inputs, np.array([at[one.row_id] for one in listed], dtype=np.int64))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = {(one.by, one.row_id, one.content): one.judgement for one in inputs.judgements}
    new = [
        Judgement(one.row_id, content, one.judgement, one.note, by, now)
        for one, content in zip(listed, contents, strict=True)
        if one.content in ("", content) and said.get((by, one.row_id, content)) != one.judgement
    ]
    pairs = zip(listed, contents, strict=True)
    return tuple(new), tuple(one.row_id for one, content in pairs if one.content not in ("", content))
