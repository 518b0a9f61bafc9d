"""Count the mutants that the tests notice, module by module, from what `make mutants` left in `mutants/`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import record

#: Exit code of the tests -> what it says of a mutant; None: not tried yet. Others: the tests crashed or took too long.
OUTCOMES = {0: "survived", 1: "killed", 3: "killed", 33: "without a test", None: "not tried"}


def count(folder: Path) -> list[dict[str, Any]]:
    """Return a row per mutated module, by name: mutants tried, killed, survived, and their share."""
    rows = []
    for path in sorted(folder.rglob("*.py.meta")):
        codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].values()
        outcomes = [OUTCOMES.get(code, "timed out or crashed") for code in codes]
        tried = len(outcomes) - outcomes.count("not tried")
        survived = outcomes.count("survived") + outcomes.count("without a test")
        rows.append(
            {
                "module": path.relative_to(folder).as_posix().removesuffix(".meta"),
                "mutants": len(outcomes),
                "tried": tried,
                "noticed": tried - survived,
                "share": round((tried - survived) / tried, 3) if tried else None,
            }
        )
    return rows


def main() -> int:
    """Print the table and write `results/mutants.json`."""
    folder = Path("mutants")
    if not folder.is_dir():
        print("mutants/ is not there: run `make mutants`", file=sys.stderr)
        return 2
    rows = count(folder)
    tried, noticed = (sum(row[name] for row in rows) for name in ("tried", "noticed"))
    data = f"{tried:,} of {sum(row['mutants'] for row in rows):,} mutants (mutmut), {noticed:,} noticed"
    record.write("mutants", {"by_module": rows}, data=data)
    print(record.table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
