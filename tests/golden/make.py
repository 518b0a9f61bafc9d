"""Make the golden run, and the report of it, anew: `python tests/golden/make.py`.

For whoever changes on purpose what `fit` leaves or what `report` says: commit the new `run/` and `report.json`, and say
in the message what has changed. `tests/integration/test_golden_report.py` compares the report with these.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import vaeaudit
from vaeaudit.config import FitConfig
from vaeaudit.samples.people import people

HERE = Path(__file__).parent
RUN, REPORT = HERE / "run", HERE / "report.json"


def make_run() -> None:
    """Learn generated people, with a label, sensitive columns and the true shares to compare with."""
    truth = people(280, seed=11)
    read = {"id": "person_id", "label": "loan_approved", "sensitive": ("sex", "age"), "include": ("age",)}
    narrow = {"model": {"hidden": [32], "latents": 4}, "conditionals": {"width": 16}}  # small to keep
    config = FitConfig.from_dict({"preset": "quick", "seed": 11, "read": read, **narrow})
    shutil.rmtree(RUN, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        population = Path(folder) / "population.csv"
        truth.population.to_csv(population, index=False)
        vaeaudit.fit(truth.frame, config, run=RUN, population=population)


def report_of_run(folder: Path) -> dict[str, Any]:
    """Return `report.json` of the golden run, made in `folder`."""
    vaeaudit.report(RUN, out=folder)
    document: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return document


def main() -> None:
    """Write both."""
    make_run()
    with tempfile.TemporaryDirectory() as folder:
        document = report_of_run(Path(folder))
    lines = (f"{json.dumps(key)}: {json.dumps(part)}" for key, part in document.items())
    REPORT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
