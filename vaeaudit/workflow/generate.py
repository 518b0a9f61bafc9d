"""`generate`: new rows or pictures from the model of a run, and how good they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.analysis.generation.judging import close_rows, unseen_pairs
from vaeaudit.analysis.generation.results import GeneratedDocument, MadeColumn
from vaeaudit.analysis.generation.shortcomings import shortcomings_of
from vaeaudit.analysis.generation.wishes import Wish, conditions_of, parted, ranges_of, region_called, require_known
from vaeaudit.config import LatentSource
from vaeaudit.data.encoding.features import compared_columns
from vaeaudit.data.schema.columns import Column, Kind, Role
from vaeaudit.errors import InconclusiveError, UsageError
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.report.generated_files import Target, write_generated
from vaeaudit.runs.reading import Run
from vaeaudit.workflow.builder import rebuild
from vaeaudit.workflow.drawing import Drawer, Made
from vaeaudit.workflow.inputs import GENERATED, loaded, run_facts, sweep
from vaeaudit.workflow.judged_rows import compared_with, in_own_form, quality_of

#: Most rows of a table, or pictures, of one call: more would not fit into memory.
MOST = {"table": 1_000_000, "images": 50_000}


@dataclass(frozen=True, repr=False)
class Generated:
    """Rows that a model made.

    Attributes
    ----------
    rows
        As they were written, without the column that marks them; of pictures what is known about each.
    pictures
        [M, H, W, channels] uint8; None for a table.
    results
        Everything in `generated.json`.
    path, document
        Of the table, or of the folder of pictures; of `generated.json`.
    """

    rows: pd.DataFrame
    pictures: np.ndarray | None
    results: GeneratedDocument
    path: Path
    document: Path

    def __repr__(self) -> str:
        what = "rows" if self.pictures is None else "pictures"
        return f"<{len(self.rows):,} generated {what}. See {self.path}>"


def generate(
    run: Run | Path | str | None = None,
    n: int = 1000,
    *,
    region: str | None = None,
    condition: Mapping[str, Any] | None = None,
    latent: Mapping[int, Any] | None = None,
    like: str | None = None,
    draw: str = LatentSource.MIXTURE.value,
    seed: int | None = None,
    out: Path | str | None = None,
    on_progress: Listener = ignore,
) -> Generated:
    """Make new rows, or pictures, by the model of a complete run, and say how good they are.

    Parameters
    ----------
    run
        A run or its folder; the newest complete run of `runs/` where None.
    n
        How many.
    region
        Id of a region of the report: rows that meet its rule.
    condition
        Column -> value that rows are to have: a level or a list of levels, a number or a date, a pair or a text
        `low..high` for a range [low, high), None for a missing cell.
    latent
        Number of a latent -> its place, or a pair of bounds.
    like
        Id of the row whose posterior z is drawn from.
    draw
        Where z comes from: one of `vaeaudit.config.LatentSource`.
    seed
        Of all that is drawn; that of the run where None.
    out
        A file (`.csv`, `.parquet`), whose name is made to say that it is generated, or a folder; `generated/<run>/`
        where None.
    on_progress
        See `vaeaudit.progress`.

    Returns
    -------
    Generated
        Its `path` is that of the table or of the folder of pictures; `generated.json` lies beside or in it.

    Raises
    ------
    UsageError
        Where what is asked names what there is not.
    InconclusiveError
        Where no row that was drawn meets it.
    """
    watch = Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
        if not 1 <= n <= MOST[run.kind]:
            raise UsageError(f"-n {n}: expected 1 to {MOST[run.kind]:,}.")
        run.require_usable()
        asked = {"region": region, "condition": condition, "latent": latent, "like": like}
        wish, position = _wish(run, asked, n=n, draw=draw, seed=seed)
        target = Target.of(out, GENERATED / run.id, run.metadata["data"]["name"], pictures=run.kind == "images")
    with watch.phase("starting"):
        drawer = Drawer(rebuild(run), run.frame, run.codes, run.table_rules)
        require_known(wish.conditions, run.schema, drawer.names, f"--region {region}" if region else "--condition")
    with watch.phase("generating"):
        level = run.config.analysis.confidence
        made = drawer.draw(wish, level, like=position)
        _require_some(made)
    with watch.phase("analysing"):
        data, features_of = compared = compared_with(drawer)
        quality = quality_of(drawer, compared, LatentSource(draw), level, wish.seed)
        written = close_rows(data, features_of(made), level, wish.seed)
        columns = _columns(drawer)
        said = shortcomings_of(wish, made.drawing, rules=made.rules, columns=columns, written=written, quality=quality)
    with watch.phase("writing"):
        facts = run_facts(run.config, run.metadata)
        document = GeneratedDocument(
            facts,
            wish,
            made.drawing,
            columns,
            made.rules,
            written,
            unseen_pairs(data, made.frame, level),
            quality,
            said,
            (*made.notes, *_numbered(drawer)),
            target.file(),
        )
        shown = made.frame if drawer.is_table else made.frame[list(drawer.given)]
        as_text = target.format != "parquet"
        rows = in_own_form(shown, drawer.schema, drawer.frame, as_text=as_text, complete=drawer.is_table)
        results = write_generated(document, rows, made.pictures, target)
        return Generated(rows, made.pictures, results, target.path, target.folder / target.document)


def _wish(run: Run, asked: Mapping[str, Any], *, n: int, draw: str, seed: int | None) -> tuple[Wish, int | None]:
    """Return what is asked, and the position of the row that rows are to be like."""
    if draw not in [entry.value for entry in LatentSource]:
        raise UsageError(f"--draw {draw}: expected {' or '.join(entry.value for entry in LatentSource)}.")
    n_latents = run.codes.n_latents
    region, like = asked["region"], asked["like"]
    conditions = conditions_of(asked["condition"] or {}, run.schema)
    ranges = ranges_of(asked["latent"] or {}, n_latents)
    if region is not None:
        of_columns, of_latents = parted(region_called(region, run.regions).rule, run.schema, n_latents)
        conditions, ranges = (*of_columns, *conditions), (*of_latents, *ranges)
    position = None
    if like is not None:
        found = np.flatnonzero(run.rows["row_id"].to_numpy(object) == str(like))
        if not found.size:
            raise UsageError(f"--like {like}: the run has no row of this id.", hint="rows.parquet lists them: row_id.")
        position = int(found[0])
    seed = run.config.seed if seed is None else seed
    source = LatentSource(draw) if like is None else LatentSource.POSTERIOR
    wish = Wish(n, seed, source, region, conditions, ranges, None if like is None else str(like))
    for number, (low, high) in wish.box.items():
        if low > high:
            raise UsageError(f"--latent {number}: no place is in all the ranges that are asked for.")
    return wish, position


def _require_some(made: Made) -> None:
    if made.drawing.written:
        return
    most = made.drawing.ci.high or 0.0
    raise InconclusiveError(
        f"None of {made.drawing.drawn:,} rows that were drawn meets what is asked "
        f"(under {100 * most:.2g} % of the model's rows do, at {100 * made.drawing.ci.level:g} % confidence).",
        hint="Ask for less, or give the model the column to make rows of: `vaeaudit fit … --condition COL`.",
    )


def _numbered(drawer: Drawer) -> tuple[str, ...]:
    """Say which columns may be ids for all that the data tells, and are made up like any other number."""
    compared = {column.name for column in compared_columns(drawer.frame, drawer.schema)}
    return tuple(
        f"{name}: whole numbers that all differ; if they name rows, leave the column out (`fit --id {name}`): "
        "those here are made up."
        for name in drawer.own
        if drawer.is_table and name not in compared
    )


def _columns(drawer: Drawer) -> tuple[MadeColumn, ...]:
    return tuple(_column(drawer, column) for column in drawer.schema)


def _column(drawer: Drawer, column: Column) -> MadeColumn:
    if column.name in drawer.given:
        return MadeColumn(column.name, "given", unit=column.unit)
    if column.name in drawer.own:
        return MadeColumn(column.name, "drawn" if drawer.is_table else "computed", unit=column.unit)
    if column.name in drawer.follows:
        return MadeColumn(column.name, "follows", unit=column.unit)
    if column.kind is Kind.CONSTANT and column.unique and drawer.is_table:
        return MadeColumn(column.name, "constant")
    return MadeColumn(column.name, "empty", _why_empty(column))


def _why_empty(column: Column) -> str:
    if column.personal:
        return "personal data is never made up"
    if column.kind is Kind.IDENTIFIER or column.role is Role.ID:
        return "it names rows"
    if column.kind in (Kind.TEXT, Kind.CONSTANT):
        return "free text is not modelled" if column.kind is Kind.TEXT else "it holds nothing"
    if column.role is Role.INPUT:
        return f"it says what {column.same_as} says" if column.same_as else "it is not in the model"
    return f"it was kept out of the model ({column.role.value}); `fit --include {column.name}` lets it in"
