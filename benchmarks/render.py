"""Write the tables of benchmarks/README.md anew from results/*.json: python -m benchmarks.render."""

from __future__ import annotations

import json

from benchmarks import record

_MARK = "<!-- results: written by python -m benchmarks.render -->"


def main() -> None:
    """Replace everything below the mark."""
    page = record.FOLDER / "README.md"
    head = page.read_text(encoding="utf-8").split(_MARK)[0]
    parts = []
    for path in sorted(record.RESULTS.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        parts.append(f"## {result['benchmark']}: {result['data']}, {result['date']}, {result['cores']} cores\n")
        for name, rows in result["figures"].items():
            parts.append(f"### {name.replace('_', ' ')}\n\n{record.table(rows)}\n")
    page.write_text(f"{head}{_MARK}\n\n" + "\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
