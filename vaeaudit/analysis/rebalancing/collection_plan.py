"""The collection plan: the fewest rows that close all faults at once, and what they would make of the shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.both_tables import both_tables
from vaeaudit.analysis.grouping.groups import OUTSIDE
from vaeaudit.analysis.grouping.rules import apply_rule, simplify
from vaeaudit.analysis.rebalancing.collection_candidates import Candidate, candidates_of, with_planned_rows
from vaeaudit.analysis.rebalancing.gaps import Asked, Gap, Group
from vaeaudit.analysis.rebalancing.results import CollectionPlan, PlanLine, PlannedShare
from vaeaudit.analysis.representation.representation import assess_representation
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.region_rules import Rule
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.set_cover import Covering, Requirements, cover
from vaeaudit.wording.rules import describe

#: Existing rows named beside a line.
_EXAMPLES = 3


def plan_collection(given: Asked) -> CollectionPlan:
    """Find the fewest rows that bring every fault to its tolerance, and that leave no other group short.

    One row can count towards several faults, so this is a covering problem; see `covering.cover`. A row is counted
    towards a fault only where the rule it is collected by says so. The plan is then checked by adding such rows and
    counting anew; groups that it would leave short are added to what it must keep, and it is made again.
    """
    faults = [gap for gap in given.gaps if gap.is_fault]
    solved, counted, short = _settle(given, faults)
    rows = solved.covering.rows
    low, high = _range(faults, solved)
    lines = []
    for kind, count, fewest, most in zip(solved.candidates, rows, low, high, strict=True):
        if count:
            closes = tuple(gap.summary.id for place, gap in enumerate(faults) if place in kind.serves)
            lines.append(_line(given, kind.rule, (int(count), int(fewest), int(most)), closes))
    return CollectionPlan(
        lines=tuple(sorted(lines, key=lambda line: -line.rows)),
        rows=int(rows.sum()),
        fewest=int(low.sum()),
        most=int(high.sum()),
        at_least=solved.covering.at_least,
        questions=_questions(given),
        expected=tuple(_expected(gap, counted, given) for gap in faults),
        newly_short=tuple(group.name for group in short),
        notes=() if solved.complete else ("More combinations of rules can hold together than were considered.",),
    )


@dataclass(frozen=True)
class _Solved:
    """The kinds of rows that were considered [J], whether that was all of them, what was asked, and the answer."""

    candidates: list[Candidate]
    complete: bool
    needed: Requirements
    covering: Covering


def _settle(given: Asked, faults: Sequence[Gap]) -> tuple[_Solved, pd.DataFrame, list[Group]]:
    """Solve until no further group falls short; return also the rows with the planned ones, and who is short then."""
    eligible = ~given.inputs.scores.outlier
    if given.population is not None:
        eligible &= given.population.cell_codes(given.inputs.frame) != OUTSIDE
    kept: list[Group] = []
    solved = _solve(given, faults, kept)
    assert solved is not None  # noqa: S101 - rows of all faults' rules, in proportion to the targets, always do it
    while True:
        planned = zip(solved.candidates, solved.covering.rows, strict=True)
        wanted = [(kind.rule, int(rows)) for kind, rows in planned if rows]
        counted = with_planned_rows(given.inputs.frame, wanted, eligible, np.random.default_rng(given.seed))
        short = _newly_short(counted, given) if wanted else []
        new = [group for group in short if group not in kept]
        kept = [*kept, *new]
        better = _solve(given, faults, kept) if new else None
        if better is None:
            return solved, counted, short
        solved = better


def _solve(given: Asked, faults: Sequence[Gap], kept: Sequence[Group]) -> _Solved | None:
    """Return None where no numbers of rows do it."""
    rules = [*(gap.summary.rule for gap in faults), *(group.rule for group in kept)]
    candidates, complete = candidates_of(rules, _frame(given))
    needed = _requirements(given, faults, kept, candidates)
    # the difficulty of a kind of rows: the conditions that have to be looked for
    covering = cover(needed, np.array([len(candidate.rule) for candidate in candidates], dtype=np.float64))
    return None if covering is None else _Solved(candidates, complete, needed, covering)


def _frame(given: Asked) -> pd.DataFrame:
    """Rows that witness what exists: those of the table, and of the reference where there is one."""
    reference = given.inputs.reference
    if reference is None:
        return given.inputs.frame
    schema = given.inputs.schema
    named = [name for name in given.inputs.frame.columns if name not in schema]  # latents that rules name
    stacked, _ = both_tables(given.inputs.frame, reference.frame, schema)
    return stacked.assign(**{name: np.concatenate([given.inputs.frame[name], reference.frame[name]]) for name in named})


def _requirements(
    given: Asked, faults: Sequence[Gap], kept: Sequence[Group], candidates: Sequence[Candidate]
) -> Requirements:
    """State what is asked: faults first, then the groups that must not fall short."""
    part = np.zeros((len(faults) + len(kept), len(candidates)))
    for kind, candidate in enumerate(candidates):
        part[[place for place in candidate.serves if place < len(faults)], kind] = 1.0
    if kept:
        members = np.stack([group.members for group in kept], axis=1)
        for kind, candidate in enumerate(candidates):
            rows = apply_rule(candidate.rule, given.inputs.frame)
            # rows to come are expected to lie in other groups as existing rows of their kind do
            part[len(faults) :, kind] = members[rows].mean(axis=0) if rows.any() else 0.0
    floors = [gap.summary.tolerance for gap in faults]
    floors += [given.config.min_ratio * (group.cell.reference_share or 0.0) for group in kept]
    counts = [(gap.summary.n, gap.summary.total) for gap in faults]
    counts += [(int(group.members.sum()), int(group.universe.sum())) for group in kept]
    n, total = np.array(counts, dtype=np.float64).reshape(-1, 2).T
    return Requirements(part, np.ones_like(part), np.array(floors, dtype=np.float64), n, total)


def _range(faults: Sequence[Gap], solved: _Solved) -> tuple[IntArray, IntArray]:
    """Rows per kind if the shares of all faults stand at the upper ends of their intervals, and at the lower ends."""
    rows = solved.covering.rows
    low = np.array([gap.summary.ci.low or 0.0 for gap in faults])
    high = np.array([1.0 if gap.summary.ci.high is None else gap.summary.ci.high for gap in faults])
    fewest = cover(_standing_at(high, solved.needed), most=rows)
    most = cover(_standing_at(low, solved.needed), least=rows, most=np.where(rows > 0, np.iinfo(np.int32).max, 0))
    return (rows if fewest is None else fewest.rows), (rows if most is None else most.rows)


def _standing_at(shares: FloatArray, needed: Requirements) -> Requirements:
    n = needed.n.copy()
    n[: shares.size] = shares * needed.total[: shares.size]
    return replace(needed, n=n)


def _line(given: Asked, rule: Rule, rows: tuple[int, int, int], closes: tuple[str, ...]) -> PlanLine:
    existing = np.flatnonzero(apply_rule(rule, given.inputs.frame) & ~given.inputs.scores.outlier)
    return PlanLine(
        rows=rows[0],
        fewest=rows[1],
        most=rows[2],
        rule=rule,
        name=describe(rule),
        closes=closes,
        existing=existing.size,
        examples=tuple(str(given.inputs.row_ids[row]) for row in existing[:_EXAMPLES]),
    )


def _questions(given: Asked) -> tuple[PlanLine, ...]:
    lines = []
    for gap in given.gaps:
        if not gap.is_fault:
            low, high = gap.summary.rows_to_collect_range
            rows = (gap.summary.rows_to_collect, low, high)
            lines.append(_line(given, simplify(gap.summary.rule), rows, (gap.summary.id,)))
    return tuple(lines)


def _expected(gap: Gap, counted: pd.DataFrame, given: Asked) -> PlannedShare:
    """Count a fault's share among the rows with the planned ones after them; those are no outliers."""
    universe = np.ones(len(counted), dtype=bool)
    if gap.summary.kind == "region":
        universe[: len(given.inputs.frame)] = ~given.inputs.scores.outlier
    if gap.summary.baseline == "population" and given.population is not None:
        universe &= given.population.cell_codes(counted) != OUTSIDE
    n, total = int((apply_rule(gap.summary.rule, counted) & universe).sum()), int(universe.sum())
    return PlannedShare(
        id=gap.summary.id,
        before=gap.summary.share,
        after=n / max(total, 1),
        ci=share_interval(n, total, given.config.confidence),
        target=gap.summary.target,
        tolerance=gap.summary.tolerance,
        closed=n >= gap.summary.tolerance * total - 1e-6,
    )


def _newly_short(counted: pd.DataFrame, given: Asked) -> list[Group]:
    """Find the groups that were not short and are among the rows with the planned ones after them."""
    table = assess_representation(counted, given.inputs.schema, given.config, given.population, given.inputs.rules)
    short = {(cell.attributes, cell.group) for cell in table.cells if cell.status == "under"}
    return [
        group
        for group in given.groups
        if group.cell.status != "under" and (group.cell.attributes, group.cell.group) in short
    ]
