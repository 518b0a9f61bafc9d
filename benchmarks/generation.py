"""Protocol `generation`: how good generated rows are by where their latents come from, beside a tree per column.

    python -m benchmarks.generation [--data PATH] [--cases PATH] [--rows N] [--preset NAME] [--table NAME ...]

Each table is fitted with its label in the model (at most N of its rows), and rows are generated as `generate` does.
Figures are those of `generated.json`, of rows that nothing was asked of, against the held-out rows of the run.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits

from benchmarks import record

#: Name -> folder (`None`: of scikit-learn), and the label; digits are pictures.
TABLES: dict[str, tuple[str | None, str | None]] = {
    "adult": ("data", "income"),
    "german": ("data", "credit_risk"),
    "attrition": ("cases", "Attrition"),
    "breast_cancer": (None, "target"),
    "digits": (None, None),
}
DRAWS = ("mixture", "posterior", "prior")


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    rows = [row for name in arguments.table or TABLES for row in _measured(name, arguments)]
    print(record.table(rows))
    measured = {name: [row for row in rows if row["table"] == name] for name in arguments.table or TABLES}
    figures = record.figures_of("generation") | measured
    record.write("generation", figures, data="as named", seeds=range(1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--cases", type=Path, default=record.DATA.parent / "cases")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--table", choices=TABLES, action="append")
    return parser.parse_args()


def _measured(name: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    from vaeaudit.workflow.fit import fit  # noqa: PLC0415
    from vaeaudit.workflow.generate import generate  # noqa: PLC0415

    label = TABLES[name][1]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        roles = {} if label is None else {"label": label, "include": [label]}
        run = fit(_source(name, made, arguments), preset=arguments.preset, run=made / "run", **roles)
        rows = []
        for draw in DRAWS:
            quality = generate(run, 500, draw=draw, out=made / draw).results.quality
            assert quality is not None  # noqa: S101 - a tenth of the rows is held out
            rows.append(_row(name, draw, quality))
            if draw == DRAWS[0] and quality.closeness_of_trees is not None:
                trees = _row(name, "trees", quality)
                rows.append({key: value for key, value in trees.items() if value is not None})
        return rows


def _row(name: str, draw: str, quality: Any) -> dict[str, Any]:
    side, near = ("trees", quality.closeness_of_trees) if draw == "trees" else ("model", quality.closeness)
    figures = {measure.name: _said(getattr(measure, side)) for measure in quality.measures}
    closeness = {key: _said(getattr(near, key)) for key in ("nearer", "membership", "outside")}
    return {"table": name, "z from": draw, **figures, **closeness}


def _said(figure: Any) -> str:
    return f"{figure.value:.3f} [{figure.ci.low:.3f}, {figure.ci.high:.3f}]"


def _source(name: str, folder: Path, arguments: argparse.Namespace) -> Path:
    if name == "digits":
        np.save(folder / "digits.npy", np.round(load_digits().images * 255 / 16).astype(np.uint8))
        return folder / "digits.npy"
    place = TABLES[name][0]
    if place is None:
        frame = load_breast_cancer(as_frame=True).frame
    else:
        frame = pd.read_csv(record.require(getattr(arguments, place), f"tables/{name}.csv"))
    path = folder / f"{name}.csv"
    frame.sample(min(len(frame), arguments.rows), random_state=0).to_csv(path, index=False)
    return path


if __name__ == "__main__":
    main()
