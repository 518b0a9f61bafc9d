"""Protocol `planted_gaps`: deleted combinations, and whether they are found, against a reference and independence.

    python -m benchmarks.planted_gaps [--data PATH] [--seeds K] [--part PART ...]

*columns*: in every table at hand and three generated ones (300 levels, two columns, half the cells missing), without a
model: 15 rules each against the other half, and as many splits as seeds with nothing deleted. *independence*: the same
number deleted from the whole table and sought against independence; what the undamaged tables are asked.

*command*: the first two of these rules of each of five tables, ten in all, by `vaeaudit audit --reference`, with what
the search over columns alone makes of the same halves beside it.

*reference*: Adult in random halves A and B; of A, nine tenths of the rows of a random rule over two columns are
deleted; A is audited against B. *null*: the same with nothing deleted. *people*, *shapes*: one combination of two
factors that the model does not see is deleted from generated people, or from pictures of the dSprites re-render; what
counts is the rows that `score` places in one of the first five regions. All by whole commands with `--preset quick`.
Beside the reference, in the same run: a slice finder on the columns, and the density of nearest neighbours.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks import planted_columns, record
from benchmarks.planted_shapes import KNOWN, shapes_against_independence
from benchmarks.planted_tables import (
    OURS,
    against_a_reference,
    by_command,
    people_against_independence,
    summaries,
)
from benchmarks.planting import summary

PARTS = ("columns", "independence", "command", "reference", "null", "people", "shapes")
#: Trainings on pictures take longest: so many seeds of each of the three kinds of knowledge, for twenty of a table.
_SEEDS_PER_SHAPE = 4
#: Rules planted in each table by columns alone.
_RULES_PER_TABLE = 15
#: Tables of which rules are planted by whole commands, and rules of each.
_BY_COMMAND, _RULES_BY_COMMAND = ("adult", "german", "compas", "attrition", "300 levels"), 2


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--part", choices=PARTS, action="append")
    arguments = parser.parse_args()
    measure = {
        "columns": _columns,
        "independence": _independence,
        "command": _command,
        "reference": _reference,
        "null": _null,
        "people": _people,
        "shapes": _shapes,
    }
    figures = record.figures_of("planted_gaps")
    for part in arguments.part or PARTS:
        figures |= measure[part](arguments.data, arguments.seeds)
        record.write(
            "planted_gaps",
            figures,
            data="tables at hand, generated tables and people, arrays/dsprites_rerender_92160.npz (a re-render)",
            seeds=list(range(arguments.seeds)),
        )
    for name, rows in figures.items():
        print(f"\n{name}\n{record.table(rows)}")


def _columns(data: Path, seeds: int) -> dict[str, Any]:
    planted: list[dict[str, Any]] = []
    null: list[dict[str, Any]] = []
    for name, frame in planted_columns.tables(data):
        halves = [planted_columns.against_other_half(frame, s, planted=True) for s in range(_RULES_PER_TABLE)]
        planted.append(_said(planted_columns.by_table(name, halves)))
        quiet = [planted_columns.against_other_half(frame, 1000 + seed, planted=False) for seed in range(seeds)]
        null.append(_said(planted_columns.alarms(name, quiet)))
    return {"reference, columns": planted, "null, columns": null}


def _independence(data: Path, _: int) -> dict[str, Any]:
    unrelated: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    for name, frame in planted_columns.tables(data):
        found = [planted_columns.against_unrelated(frame, seed) for seed in range(_RULES_PER_TABLE)]
        unrelated.append(_said(planted_columns.by_table(name, found)))
        asked += [{"table": name, "question": said} for said in planted_columns.asked_of_undamaged(frame)]
    return {"independence, columns": unrelated, "asked of undamaged tables": asked}


def _command(data: Path, _: int) -> dict[str, Any]:
    rows = []
    for name, frame in planted_columns.tables(data):
        for seed in range(_RULES_BY_COMMAND) if name in _BY_COMMAND else ():
            a, b, gap = planted_columns.halves(frame, seed, planted=True)
            told = planted_columns.result(gap.rule, list(by_command(a, b, seed)), gap.rows)
            beside = planted_columns.against_other_half(frame, seed, planted=True)
            row = {"table": name, "rows of A": len(a), **told, "rank, columns alone": beside["rank"] or "-"}
            rows.append(_said(row))
    return {"reference, by the command": [summary(rows)], "reference, by the command, rule by rule": _listed(rows)}


def _reference(data: Path, seeds: int) -> dict[str, Any]:
    adult = record.require(data, "tables/adult.csv")
    audits = [_said(against_a_reference(adult, seed, planted=True, beside=True)) for seed in range(seeds)]
    return {"reference": summaries(audits), "reference, rule by rule": _listed([audit[OURS] for audit in audits])}


def _null(data: Path, seeds: int) -> dict[str, Any]:
    adult = record.require(data, "tables/adult.csv")
    audits = [_said(against_a_reference(adult, 1000 + seed, planted=False, beside=False)) for seed in range(seeds)]
    return {
        "null": [
            {"method": name, "audits": len(audits), "with a false alarm": sum(audit[name]["alarm"] for audit in audits)}
            for name in audits[0]
        ]
    }


def _people(_: Path, seeds: int) -> dict[str, Any]:
    audits = [_said(people_against_independence(seed)) for seed in range(seeds)]
    return {"independence, people": [summary(audits)], "independence, people, rule by rule": _listed(audits)}


def _shapes(data: Path, seeds: int) -> dict[str, Any]:
    shapes = record.require(data, "arrays/dsprites_rerender_92160.npz")
    rows, rules = [], []
    for name, known in KNOWN.items():
        n_audits = max(1, seeds // _SEEDS_PER_SHAPE)
        audits = [_said(shapes_against_independence(shapes, seed, known)) for seed in range(n_audits)]
        rows.append({"known to the audit": name, **summary(audits)})
        rules += [{"known to the audit": name, **audit} for audit in _listed(audits)]
    return {"independence, dSprites re-render": rows, "independence, dSprites re-render, rule by rule": rules}


def _listed(audits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**audit, "rank": audit["rank"] or "-"} for audit in audits]


def _said(result: dict[str, Any]) -> dict[str, Any]:
    """Print a result as it comes, for a run takes an hour."""
    print(json.dumps(result), flush=True)
    return result


if __name__ == "__main__":
    main()
