"""Protocol `labels`, tables: flipped labels found by what the other columns say, beside cleanlab.

    python -m benchmarks.labels [--data PATH] [--seeds K] [--rows N]

2, 5 and 10 % of the labels of real tables are changed into another one. cleanlab is given what it asks for: class
probabilities out of fold, by the very boosting and folds that vaeaudit uses. Beside the ranking stands the share of
wrong labels that `VA402` estimates, and whether it has a finding; also on the tables as they are.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from benchmarks import peers, record
from vaeaudit.analysis.checks.va402_label_errors import is_told
from vaeaudit.analysis.labels.doubts import doubt_labels
from vaeaudit.analysis.labels.suspects import LabelErrors, label_errors
from vaeaudit.analysis.leakage.predictors import features_of, learner, said_by, what_tells
from vaeaudit.data.dataset import Dataset
from vaeaudit.workflow.reading import inspect

NAME = "labels"
SHARES = (0.02, 0.05, 0.1)
OURS, PEERS = "vaeaudit", ("self_confidence", "normalized_margin")
Flags = npt.NDArray[np.bool_]


def tables(data: Path) -> dict[str, Callable[[], tuple[pd.DataFrame, str]]]:
    """Return by name what reads a table, with the name of its label."""
    cases = data.parent / "cases" / "tables"

    def read(folder: Path, name: str, label: str, *without: str) -> tuple[pd.DataFrame, str]:
        table = pd.read_csv(record.require(folder, name)).drop(columns=list(without))
        return table.assign(**{label: table[label].map(lambda value: f"is {value}", na_action="ignore")}), label

    def digits() -> tuple[pd.DataFrame, str]:
        table = load_digits(as_frame=True).frame
        return table.assign(target=table["target"].map("digit {}".format)), "target"

    return {
        "Adult": lambda: read(data / "tables", "adult.csv", "income"),
        "German credit": lambda: read(data / "tables", "german.csv", "credit_risk"),
        "attrition": lambda: read(cases, "attrition.csv", "Attrition", "rownames"),
        "COMPAS": lambda: read(cases, "compas.csv", "two_year_recid"),
        "Seattle weather": lambda: read(cases, "seattle-weather.csv", "weather"),
        "digits": digits,
    }


def flipped(table: pd.DataFrame, label: str, share: float, seed: int) -> tuple[pd.DataFrame, Flags]:
    """Return the table with some labels changed, each into any other with the same chance, and which they are [N]."""
    rng, values = np.random.default_rng(seed), table[label].to_numpy(object).copy()
    known = np.flatnonzero(table[label].notna().to_numpy())
    rows = rng.choice(known, round(share * len(known)), replace=False)
    levels = np.unique(values[known].astype(str))
    values[rows] = [rng.choice(levels[levels != values[row]]) for row in rows]
    return table.assign(**{label: values}), np.isin(np.arange(len(table)), rows)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=5000)
    arguments = parser.parse_args()
    peers.require(NAME)
    found = []
    for name, read in tables(arguments.data).items():
        table, label = read()
        table = table.sample(min(len(table), arguments.rows), random_state=0).reset_index(drop=True)
        for seed in range(arguments.seeds):
            for share in (0.0, *SHARES):
                found.append({"table": name, "share": share, "seed": seed, **_measured(table, label, share, seed)})
                print(json.dumps(found[-1]), flush=True)
    result = figures(found)
    record.write(
        NAME,
        result,
        data=f"six real tables, at most {arguments.rows:,} rows each",
        seeds=range(arguments.seeds),
        details={"found": found},
    )
    for title, rows in result.items():
        print(f"\n{title}\n{record.table(rows)}")


def figures(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of the README: ranking per table, differences, and the estimated share of wrong labels."""
    runs = pd.DataFrame(found)
    planted = runs[runs["share"] > 0]
    ranking = [
        {"table": name, **{f"{score} {method}": round(float(each[f"{score} {method}"].mean()), 4) for score in _SCORES}}
        | {f"{score} {peer}": round(float(each[f"{score} {peer}"].mean()), 4) for score in _SCORES for peer in PEERS}
        for method in (OURS,)
        for name, each in planted.groupby("table", sort=False)
    ]
    gains = []
    for score in _SCORES:
        for peer in PEERS:
            paired = planted[f"{score} {OURS}"] - planted[f"{score} {peer}"]
            gain = paired.groupby(planted["table"]).mean()
            half = stats.t.ppf(0.975, len(gain) - 1) * gain.std() / np.sqrt(len(gain))
            gains.append(
                {"measure": score, "against": peer, "mean gain": round(float(gain.mean()), 4)}
                | {"interval over tables": f"{gain.mean() - half:.4f} to {gain.mean() + half:.4f}"}
                | {"worse in": ", ".join(gain.index[gain < 0]) or "none"}
            )
    rates = [
        {"table": name, "planted": f"{100 * share:g} %"}
        | {"estimated": f"{100 * each['rate'].mean():.2g} %"}
        | {"in the interval": f"{int(((each['low'] <= share) & (share <= each['high'])).sum())} of {len(each)}"}
        | {"findings": f"{int(each['told'].sum())} of {len(each)}"}
        for (name, share), each in runs.groupby(["table", "share"], sort=False)
    ]
    return {"Planted labels found": ranking, "Gain over cleanlab": gains, "Share of wrong labels": rates}


_SCORES = ("AUROC", "precision")


def _measured(table: pd.DataFrame, label: str, share: float, seed: int) -> dict[str, Any]:
    changed, wrong = flipped(table, label, share, seed)
    dataset = inspect(changed, label=label)
    doubts = doubt_labels(dataset.frame, dataset.schema, None, seed)
    errors = None if doubts is None else label_errors(doubts, [], 0.95)
    if doubts is None or errors is None:
        raise RuntimeError(f"no label of {label} could be judged")
    result = {**_estimate(errors)}
    if share:
        scores, rows = _of_peers(dataset, seed)
        scores[OURS] = doubts.suspicion[rows]
        for method, score in scores.items():
            first = np.argsort(-score, kind="stable")[: int(wrong[rows].sum())]
            result[f"AUROC {method}"] = float(roc_auc_score(wrong[rows], score))
            result[f"precision {method}"] = float(wrong[rows][first].mean())
    return result


def _estimate(errors: LabelErrors) -> dict[str, Any]:
    ends = (None, None) if errors.ci is None else (errors.ci.low, errors.ci.high)
    return {"rate": errors.rate, "low": ends[0], "high": ends[1], "told": is_told(errors)}


def _of_peers(dataset: Dataset, seed: int) -> tuple[dict[str, npt.NDArray[np.float64]], npt.NDArray[np.integer]]:
    """Return cleanlab's scores of the rows that were learned from, higher = more suspicious, and these rows."""
    telling = what_tells(dataset.frame, dataset.schema, 0.95, np.random.default_rng(seed))
    if telling is None:
        raise RuntimeError("no column tells the label")
    target = telling.target
    labels, said = target.values.argmax(axis=1), np.zeros_like(target.values)
    for fold in np.unique(target.folds):
        features, _ = features_of(dataset.frame, telling.columns, target, int(fold))
        learned = target.folds != fold
        model = learner(target, seed).fit(features[learned], labels[learned])
        said[~learned] = said_by(model, features[~learned], target)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.npz"
        np.savez(path, labels=labels, said=said)
        printed = record.process(peers.command(NAME, "label_quality.py", str(path), *PEERS))
    quality = json.loads(printed.stdout)
    return {method: -np.array(quality[method]) for method in PEERS}, target.rows


if __name__ == "__main__":
    main()
