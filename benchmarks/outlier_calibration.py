"""Protocol `outlier_calibration`: what share of clean rows is flagged, and what share of the flags is wrong.

    python -m benchmarks.outlier_calibration [--seeds K] [--rows N] [--again]

Generated people, in some of whom cells contradict each other, and numbers from a mixture of Gaussians, some of them
replaced by uniform noise over the range of all: 0, 1, 5 and 10 % planted. Each data set is fitted by itself by
`BetaVAEDetector` at its defaults (the scores and flags of `vaeaudit fit --preset quick`), at the default rate of 0.05;
planted rows are among those that are trained on. Clean data comes first, for all seeds; of planted data there are
`--planted-seeds`. Results are written after every fit, and a run goes on where the last one ended unless `--again`
starts anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from benchmarks import record
from vaeaudit.samples.people import people
from vaeaudit.sklearn import BetaVAEDetector

NAME = "outlier_calibration"
SHARES = (0.0, 0.01, 0.05, 0.1)
FDR = 0.05
_LEVEL = 0.95
#: Columns, and centres of the Gaussians, whose spread about 0 is so many times that of a Gaussian.
_COLUMNS, _CENTRES, _APART = 8, 4, 3.0

Planted = tuple[pd.DataFrame, npt.NDArray[np.bool_]]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--planted-seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--again", action="store_true")
    arguments = parser.parse_args()
    fits = [] if arguments.again else _stored(arguments.rows)
    done = {(fit["data"], fit["planted"], fit["seed"]) for fit in fits}
    for seed, share, data in _cases(arguments.seeds, arguments.planted_seeds):
        if (data, share, seed) not in done:
            fits.append({"data": data, "planted": share, "seed": seed, **_fitted(data, arguments.rows, share, seed)})
            print(json.dumps(fits[-1]), flush=True)
            _write(fits, arguments.rows)
    for name, rows in figures(fits).items():
        print(f"\n{name}\n{record.table(rows)}")


def gaussians(n_rows: int, share: float, seed: int) -> Planted:
    """Return numbers [N, 8] from a mixture of Gaussians, and which rows [N] were replaced by uniform noise."""
    rng = np.random.default_rng(seed)
    centres = _APART * rng.normal(size=(_CENTRES, _COLUMNS))
    values = centres[rng.integers(_CENTRES, size=n_rows)] + rng.normal(size=(n_rows, _COLUMNS))
    planted = np.zeros(n_rows, dtype=bool)
    planted[rng.permutation(n_rows)[: round(share * n_rows)]] = True
    low, high = values.min(axis=0), values.max(axis=0)
    values[planted] = rng.uniform(low, high, size=(planted.sum(), _COLUMNS))
    return pd.DataFrame(values, columns=[f"x{index}" for index in range(_COLUMNS)]), planted


def broken_people(n_rows: int, share: float, seed: int) -> Planted:
    """Return generated people, none of them deleted, and whose cells [N] were made to contradict each other."""
    generated = people(n_rows, seed=seed, gaps=False, outlier_share=share)
    ids = generated.frame["person_id"].astype(str)
    return generated.frame, ids.isin(list(generated.outliers)).to_numpy(dtype=bool)


DATA = {"people": broken_people, "mixture of Gaussians": gaussians}


def figures(fits: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Summarise the fits: share flagged of clean rows by seed, and false-discovery rate and recall of planted rows."""
    frame = pd.DataFrame(fits)
    clean, planted = frame[frame["planted"] == 0], frame[frame["planted"] > 0]
    tables: dict[str, list[dict[str, Any]]] = {"clean rows": [], "clean rows, percent flagged by seed": []}
    for data, group in clean.groupby("data", sort=False):
        shares = group["flagged"] / group["rows"]
        tables["clean rows"].append(
            {
                "data": data,
                "data sets": len(group),
                "mean % flagged": round(100 * shares.mean(), 3),
                "95 % interval": _interval(100 * shares, 100),
                "largest % flagged": round(100 * shares.max(), 3),
                "data sets with any flag": int((group["flagged"] > 0).sum()),
                f"data sets above {FDR:.0%}": int((shares > FDR).sum()),
            }
        )
    for seed, group in clean.groupby("seed"):
        percent = {row["data"]: round(100 * row["flagged"] / row["rows"], 2) for _, row in group.iterrows()}
        tables["clean rows, percent flagged by seed"].append({"seed": seed} | {d: percent.get(d, "-") for d in DATA})
    if len(planted):
        tables["planted rows"] = [_of_planted(key, group) for key, group in planted.groupby(["data", "planted"])]
    return {name: rows for name, rows in tables.items() if rows}


def _of_planted(key: Any, group: pd.DataFrame) -> dict[str, Any]:
    """Return means over data sets, with Student's intervals; a data set without flags has no false one."""
    wrong = (group["flagged"] - group["found"]) / np.maximum(group["flagged"], 1)
    recall = group["found"] / group["outliers"]
    return {
        "data": key[0],
        "planted %": round(100 * key[1], 1),
        "data sets": len(group),
        "false-discovery rate": round(wrong.mean(), 4),
        "95 % interval": _interval(wrong, 1),
        "recall": round(recall.mean(), 4),
        "95 % interval of recall": _interval(recall, 1),
        "data sets without flags": int((group["flagged"] == 0).sum()),
    }


def _interval(values: pd.Series, most: float) -> str:
    """Write Student's interval of the mean, within what is possible; "-" for fewer than two values."""
    if len(values) < 2:
        return "-"
    half = stats.t.ppf(0.5 + _LEVEL / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{max(0.0, values.mean() - half):.3g} to {min(most, values.mean() + half):.3g}"


def _cases(clean_seeds: int, planted_seeds: int) -> Iterator[tuple[int, float, str]]:
    """Yield clean data of all seeds first: it is what the figure of the rate rests on."""
    for shares, seeds in ((SHARES[:1], clean_seeds), (SHARES[1:], planted_seeds)):
        yield from ((seed, share, data) for seed in range(seeds) for share in shares for data in DATA)


def _fitted(data: str, n_rows: int, share: float, seed: int) -> dict[str, int]:
    """Fit one data set; return its rows, those flagged, those planted, and those both."""
    frame, planted = DATA[data](n_rows, share, seed)
    flagged = BetaVAEDetector(fdr=FDR, random_state=seed).fit(frame).predict(frame) == -1
    both = int((flagged & planted).sum())
    return {"rows": len(flagged), "flagged": int(flagged.sum()), "outliers": int(planted.sum()), "found": both}


def _stored(n_rows: int) -> list[dict[str, Any]]:
    """Return the fits of an earlier run with as many rows."""
    path = record.RESULTS / f"{NAME}.json"
    if not path.exists():
        return []
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["fits"] if document["rows"] == n_rows else []


def _write(fits: Sequence[dict[str, Any]], n_rows: int) -> None:
    record.write(
        NAME,
        figures(fits),
        data=f"generated people and mixtures of Gaussians, {n_rows:,} rows each",
        seeds=sorted({fit["seed"] for fit in fits}),
        details={"rows": n_rows, "fits": list(fits)},
    )


if __name__ == "__main__":
    main()
