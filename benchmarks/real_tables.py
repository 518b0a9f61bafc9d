"""Protocol `real_tables`: what must be said of tables as people have them, and what must not.

    python -m benchmarks.real_tables [--data PATH] [--cases PATH] [--seeds K] [--table NAME ...]
                                     [--before CHECKOUT] [--keep DIR]

Each table is audited as its owner would, by `inspect`, `fit --preset quick` and `report`, and held against the
statements of `real_table_cases`: each asks report.json, or what `inspect` says, for a finding, a rule or a fact, or
applies a rule of it to the table with pandas. With several seeds a statement is kept where it is kept with each. What
is of no part of the audit that is built yet is marked as later; it is printed and counted apart. `--before` holds the
audit by the code of another checkout against the same statements; what its report has no key for, it has not said.
Audits are kept below `--keep`, and those that are there are not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import record
from benchmarks.real_table_cases import TABLES, Case
from benchmarks.real_table_statements import Audit, Statement

_OURS, _BEFORE = "vaeaudit", "before"
_MAIN = "from vaeaudit.cli.main import main; main()"


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    paths = {case.name: _find(case, arguments.data, arguments.cases) for case in arguments.table or TABLES.values()}
    checkouts = {_OURS: record.FOLDER.parent} | ({_BEFORE: arguments.before.resolve()} if arguments.before else {})
    figures: dict[str, list[dict[str, Any]]] = {"tables": [], "not as it must be": []}
    with tempfile.TemporaryDirectory() as folder:
        keep = arguments.keep or Path(folder)
        for code, checkout in checkouts.items():
            for name, path in paths.items():
                audits = [audit(TABLES[name], path, checkout, keep / code, seed) for seed in range(arguments.seeds)]
                kept = {statement: all(map(statement.kept, audits)) for statement in TABLES[name].statements}
                figures["tables"].append(_said({"code": code, **summary(name, kept, audits)}))
                figures["not as it must be"] += broken(name, kept) if code == _OURS else ()
    figures["tables"] += [_total(code, figures["tables"]) for code in checkouts]
    for name, rows in figures.items():
        if rows:
            print(f"\n{name}\n{record.table(rows)}")
    if not arguments.table:
        record.write(
            "real_tables",
            {name: rows for name, rows in figures.items() if rows},
            data=f"{len(paths)} tables, as named",
            seeds=range(arguments.seeds),
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--cases", type=Path, default=record.DATA.parent / "cases")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--table", type=TABLES.__getitem__, action="append")
    parser.add_argument("--before", type=Path)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


def _find(case: Case, data: Path, cases: Path) -> Path:
    return record.require(cases if case.of_cases else data, f"tables/{case.name}.csv").resolve()


def audit(case: Case, path: Path, checkout: Path, keep: Path, seed: int) -> Audit:
    """Audit a table with the code of a checkout, or take the audit that is kept already."""
    place = keep.resolve() / f"{case.name}-{seed}"
    said = place / "said.json"
    if not said.exists():
        place.mkdir(parents=True, exist_ok=True)
        learn = ("--preset", "quick", "--seed", str(seed), "--run", "run", "-q")
        inspected = _run(checkout, place, "inspect", str(path), *case.options, "--json")
        fitted = _run(checkout, place, "fit", str(path), *case.options, *learn)
        reported = _run(checkout, place, "report", "run", "--out", "page", "--json", "-q")
        document = {
            "inspected": json.loads(inspected.stdout),
            "report": json.loads(reported.stdout),
            "cpu_s": fitted.cpu_s + reported.cpu_s,
        }
        said.write_text(json.dumps(document), encoding="utf-8")
    document = json.loads(said.read_text(encoding="utf-8"))
    return Audit(document["report"], document["inspected"], case.read(path), document["cpu_s"])


def _run(checkout: Path, place: Path, *arguments: str) -> record.Measured:
    return record.process(["env", f"PYTHONPATH={checkout}", sys.executable, "-c", _MAIN, *arguments], cwd=place)


def summary(name: str, kept: dict[Statement, bool], audits: Sequence[Audit]) -> dict[str, Any]:
    """Count what was said of a table, and what it cost; of several audits the means."""
    now = {statement: right for statement, right in kept.items() if not statement.later}
    later = [right for statement, right in kept.items() if statement.later]
    findings = [entry["severity"] for each in audits for entry in each.findings()]
    return {
        "table": name,
        "said": sum(right for statement, right in now.items() if statement.must),
        "to be said": sum(statement.must for statement in now),
        "said wrongly": sum(not right for statement, right in now.items() if not statement.must),
        "not to be said": sum(not statement.must for statement in now),
        "later, kept": sum(later),
        "later, all": len(later),
        "findings": len(findings) / len(audits),
        "high": findings.count("high") / len(audits),
        "CPU s": mean(each.cpu_s for each in audits),
    }


def broken(name: str, kept: dict[Statement, bool]) -> Iterator[dict[str, Any]]:
    """List the statements about a table that are not kept."""
    for statement, right in kept.items():
        if not right:
            what = "said wrongly" if not statement.must else "not said"
            yield {"table": name, "what": what, "statement": statement.text, "later": "yes" if statement.later else "-"}


def _total(code: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    own = [row for row in rows if row["code"] == code]
    figures = {name: sum(row[name] for row in own) for name in own[0] if name not in ("code", "table")}
    return {"code": code, "table": "all", **figures}


def _said(row: dict[str, Any]) -> dict[str, Any]:
    """Print a row as it comes, for a run takes a quarter of an hour."""
    print(json.dumps(row), flush=True)
    return row


if __name__ == "__main__":
    main()
