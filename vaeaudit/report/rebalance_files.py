"""The folder of a rebalancing: `rebalance.json`, `weights.parquet` and `plan.csv`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vaeaudit.analysis.rebalancing.results import PlanLine, RebalanceResults
from vaeaudit.report.document import plain, to_json
from vaeaudit.storage.csv_safe import to_csv
from vaeaudit.storage.files import written_together

# rebalance.json comes last: whoever opens it finds the other two already there.
_NAMES = ("weights.parquet", "plan.csv", "rebalance.json")
_COLUMNS = (
    *("part", "rows", "fewest", "most", "rule", "rule_json", "closes", "closes_in_words"),
    *("existing_rows", "examples"),
)


def plan_table(results: RebalanceResults) -> pd.DataFrame:
    """Return the plan as a table: what to collect, then, in a part of its own, what is only a question."""
    names = {gap.id: gap.name for gap in results.gaps}
    parts = (("to close the findings", results.plan.lines), ("only if they exist in the world", results.plan.questions))
    lines = [_cells(part, line, names) for part, all_lines in parts for line in all_lines]
    return pd.DataFrame(lines, columns=list(_COLUMNS))


def write_rebalance(results: RebalanceResults, weights: pd.DataFrame, folder: Path) -> Path:
    """Write the three files; each is made beside its place and renamed into it, other files in the folder stay.

    Parameters
    ----------
    results, weights
        What was computed; one row of weights per row of the data.
    folder
        Created where it does not exist.

    Returns
    -------
    Path
        The folder.
    """
    folder = Path(folder)
    document = to_json(plain(results))
    with written_together(folder, _NAMES) as open_file:
        with open_file("weights.parquet") as stream:
            pq.write_table(pa.Table.from_pandas(weights, preserve_index=False), stream)
        with open_file("plan.csv") as stream:
            stream.write(to_csv(plan_table(results)))
        with open_file("rebalance.json") as stream:
            stream.write(document.encode("utf-8"))
    return folder


def _cells(part: str, line: PlanLine, names: dict[str, str]) -> dict[str, object]:
    rule = json.dumps([plain(condition, "rule") for condition in line.rule], ensure_ascii=False)
    values = (
        *(part, line.rows, line.fewest, line.most, line.name, rule),
        *(", ".join(line.closes), ", ".join(_named(line, names)), line.existing, ", ".join(line.examples)),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _named(line: PlanLine, names: dict[str, str]) -> Iterator[str]:
    return (f"{closed} ({names[closed]})" for closed in line.closes)
