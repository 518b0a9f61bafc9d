"""`review`: things of a list are put to a reader; what was judged is kept in the run, and what follows is said."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.judged import ListReview
from vaeaudit.analysis.outliers.review import review_of
from vaeaudit.analysis.review.lists import Reviewable, list_to_judge, review_list
from vaeaudit.data.judgements import GivenJudgement, read_judgements
from vaeaudit.errors import UsageError
from vaeaudit.outputs.judgements import LISTS, Judgement, ListName, Verdict
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.runs import artifacts
from vaeaudit.runs.judgements import keep_judgements
from vaeaudit.runs.reading import Run
from vaeaudit.storage.csv_safe import to_csv
from vaeaudit.storage.files import make_folder, new_file
from vaeaudit.wording import phrases
from vaeaudit.workflow.inputs import REVIEWS, asked_of, inputs_of, loaded, sweep

#: Line of the table, from 0 on -> judgement and note; and what puts a list's things to a reader, as that of the CSV.
Answers = dict[int, tuple[Verdict, str]]
Ask = Callable[[ListName, pd.DataFrame], Answers]


@dataclass(frozen=True, repr=False)
class Reviewed:
    """Things to be judged, and what the judgements so far say.

    Attributes
    ----------
    of
        The list.
    proposed
        One row per thing that is to be judged, of rows the most telling first; the file that is read back.
    kept
        Judgements that this call has added to the run.
    outdated
        Names of things whose judgements were not added, since they hold other values now; they are proposed again.
    review
        What all judgements on the list say (of rows a `Review`); None before anybody judged.
    path
        Of the CSV of `proposed`, or, where judgements came in and no other place was named, of those of the run.
    """

    of: ListName
    proposed: pd.DataFrame
    kept: tuple[Judgement, ...]
    outdated: tuple[str, ...]
    review: ListReview | None
    path: Path

    def __repr__(self) -> str:
        return f"<Review: {len(self.kept)} judgements added, {len(self.proposed)} {self.of} to judge. See {self.path}>"


def review(
    run: Run | Path | str | None = None,
    *,
    of: str = "rows",
    number: int = 12,
    out: Path | str | None = None,
    judgements: Path | str | None = None,
    by: str | None = None,
    ask: Ask | None = None,
    on_progress: Listener = ignore,
) -> Reviewed:
    """Take a reader's judgements on the things of a list, and say how right the list is.

    Parameters
    ----------
    run
        A run or its folder; the newest complete run of `runs/` where None.
    of
        `rows` of highest score, `cells` that contradict their row, doubted `labels`, `copies`, or `regions` short of
        rows.
    number
        How many things are proposed, spread over the first hundred of the list.
    out
        CSV of the things that are proposed, which must not exist: it may hold judgements. Where None, a new one in
        `reviews/`, unless judgements are given here.
    judgements
        CSV with the columns that name a thing and `judgement` (see `vaeaudit.outputs.judgements.LISTS`), such as `out`
        once it is filled in.
    by
        The reader's name; that of the system's user where None.
    ask
        Puts the proposed things to a reader at once.
    on_progress
        As for `report`.

    Returns
    -------
    Reviewed
        What is still to be judged, and what follows from all judgements.

    Raises
    ------
    UsageError, InputError
        Where something given cannot be used.
    """
    named = _list_named(of)
    if number < 1:
        raise UsageError(f"--number {number}: expected a whole number from 1 on.")
    reader, watch = _reader(by), Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
        config = run.config.analysis
        schema, shares = asked_of(run, config)
        inputs = inputs_of(run, config, schema)
        regions = find_regions(inputs, config, shares).regions if named == "regions" else ()
        listed = list_to_judge(named, inputs, regions)
        if listed.why_empty:
            raise UsageError(f"--of {of}: nothing can be judged: {listed.why_empty}.")
        given = () if judgements is None else read_judgements(Path(judgements), named, listed.keys)
    if ask is not None:
        asked = listed.propose(number, reader)
        answers = ask(named, listed.table(asked))
        given = (
            *given,
            *(GivenJudgement(0, listed.things.names[asked[line]], *answer) for line, answer in answers.items()),
        )
    new, outdated = _of_things(listed, inputs, given, reader)
    if new:
        keep_judgements(run, new)
        inputs = inputs_of(run, config, schema)
        listed = list_to_judge(named, inputs, regions)
    with watch.phase("analysing"):
        proposed = listed.table(listed.propose(number, reader))
        found = review_of(inputs, config) if named == "rows" else review_list(listed, inputs, config.confidence)
    with watch.phase("writing"):
        path = run.path / artifacts.JUDGEMENTS.name
        if out is not None or (ask is None and judgements is None):
            name = run.id if named == "rows" else f"{run.id}-{of}"
            path = _write(proposed, _new_place(name) if out is None else Path(out))
    return Reviewed(named, proposed, new, outdated, found, path)


def _list_named(of: str) -> ListName:
    named = next((known for known in LISTS if known == of), None)
    if named is None:
        raise UsageError(f"--of {of}: expected {phrases.listed(tuple(LISTS), last='or')}.")
    return named


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


def _of_things(
    listed: Reviewable, inputs: AuditInputs, given: Iterable[GivenJudgement], by: str
) -> tuple[tuple[Judgement, ...], tuple[str, ...]]:
    """Return judgements that the reader has not made before, and names of things that held something else."""
    of, names = listed.things.of, listed.things.names
    at = {name: place for place, name in enumerate(names)}
    judged = list(given)
    contents = listed.things.contents(np.array([at[one.name] for one in judged], dtype=np.int64))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = {(one.by, one.name, one.content): one.judgement for one in inputs.judgements if one.of == of}
    pairs = list(zip(judged, contents, strict=True))
    new = [
        Judgement(of, one.name, content, one.judgement, one.note, by, now)
        for one, content in pairs
        if one.content in ("", content) and said.get((by, one.name, content)) != one.judgement
    ]
    return tuple(new), tuple(one.name for one, content in pairs if one.content not in ("", content))
