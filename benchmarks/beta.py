"""Protocol `beta`: which choice of beta without labels agrees with the factors that made a table.

    python -m benchmarks.beta [--data PATH] [--table NAME ...] [--seeds K] [--objective beta|beta-tc]

Each beta is tried as `fit --beta auto` does it. Besides, two models with other seeds are trained on all rows (20
epochs), and their active latents compared with factors that no model sees: of planted tables what made them, of real
ones columns that stay out (label, sensitive columns). A rule sees the trials alone; its worth is the score of the
trained models at the beta that it takes, beside that at beta 1 and at the best beta. `share s`: the largest beta that
keeps 1 - s of the best gain on independent columns; `one error`: the largest within one standard error (paired, over
rows) of the best held-out ELBO; `UDR`, `matched`, `least TC`: the best by that score, of all or of those keeping nine
tenths of the gain. All leave aside betas with too few active latents. Rules were compared on the tables of `CHOSEN_ON`;
the others are reported only.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import disentanglement, record

Curve = dict[str, npt.NDArray[np.float64]]

BETAS = {"beta": (0.5, 1.0, 1.5, 2.0, 3.0), "beta-tc": (1.0, 2.0, 4.0, 8.0, 16.0)}
CHOSEN_ON = ("linear", "bent", "noisy", "few")
PLANTED = (*CHOSEN_ON, "mixed", "sums")
#: Factors, columns of each, and noise.
_SHAPES = {"noisy": (4, 3, 0.6), "few": (2, 5, 0.3), "mixed": (5, 3, 0.0), "sums": (4, 3, 0.0)}
#: Real tables, and the columns that are hidden from the models.
REAL: dict[str, tuple[str, ...]] = {
    "adult": ("income", "sex", "race", "age"),
    "german": ("credit_risk", "age", "personal_status_sex"),
    "breast_cancer": ("target",),
    "diabetes": ("target", "sex"),
}
#: Rows that MIG, InfoM and InfoC, and that DCI, are taken of.
_ROWS, _FOREST_ROWS = 2000, 600
SCORES = ("mig", "infom", "infoc", "dci_disentanglement")


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    tables = arguments.table or [*PLANTED, *REAL]
    measured = [
        (name, seed, _said(name, seed, measure(name, seed, arguments.objective, arguments.data)))
        for name in tables
        for seed in range(arguments.seeds if name in PLANTED else 1)
    ]
    write(measured, arguments.objective)


def write(measured: Sequence[tuple[str, int, Curve]], objective: str) -> None:
    """Write what each rule comes to on each group of tables, and the curves behind it."""
    path, figures = record.RESULTS / "beta.json", record.figures_of("beta")
    curves = json.loads(path.read_text(encoding="utf-8"))["curves"] if path.exists() else {}
    curves[objective] = [row for name, seed, curve in measured for row in _rows(name, seed, curve)]
    groups = {"chosen on": CHOSEN_ON, "other planted": PLANTED[len(CHOSEN_ON) :], "real": tuple(REAL)}
    for group, names in groups.items():
        of_group = [curve for name, _, curve in measured if name in names]
        if of_group:
            figures[f"{objective}, {group}"] = compare(of_group)
    record.write("beta", figures, data="planted and real tables", seeds=range(2), details={"curves": curves})


def _arguments() -> Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--table", action="append", choices=(*PLANTED, *REAL))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--objective", default="beta", choices=BETAS)
    return parser.parse_args()


# --- tables ----------------------------------------------------------------------------------------------------------


def make(name: str, seed: int, n: int = 2500) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Return a planted table, and the levels [N, K] of the factors that made it."""
    rng = np.random.default_rng(seed)
    if name in ("linear", "bent"):
        made = disentanglement.make(name, Namespace(rows=n), seed)
        return pd.DataFrame(made.rows, columns=_names(made.rows.shape[1])), made.factors
    k, each, noise = {
        "noisy": (4, 3, 0.6),
        "few": (2, 5, 0.3),
        "wide": (8, 4, 0.3),
        "mixed": (5, 0, 0),
        "sums": (4, 0, 0),
    }[name]
    factors = rng.uniform(-1, 1, (n, k))
    standard, bins = factors * 3**0.5, np.clip((factors + 1) * 5, 0, 9).astype(np.int64)
    if name == "mixed":
        return _mixed(standard, rng), bins
    if name == "sums":
        columns = np.tanh(0.7 * standard @ rng.normal(size=(k, 12))) + 0.15 * rng.normal(size=(n, 12))
        return pd.DataFrame(columns, columns=_names(12)), bins
    shapes = (np.array, np.tanh, lambda values: np.exp(values / 1.5))
    columns = np.stack([shapes[c % 3](standard[:, c // each]) for c in range(k * each)], axis=1)
    columns[:, ::2] += 0.5 * np.roll(standard, 1, axis=1)[:, np.arange(k * each)[::2] // each]
    return pd.DataFrame(columns + noise * rng.normal(size=columns.shape), columns=_names(k * each)), bins


def _names(n: int) -> list[str]:
    return [f"x{place}" for place in range(n)]


def _mixed(standard: npt.NDArray[np.float64], rng: np.random.Generator) -> pd.DataFrame:
    """A number (of two factors), a category and a count of each factor."""
    n, columns = len(standard), {}
    for k, own in enumerate(standard.T):
        columns[f"n{k}"] = own + 0.4 * standard[:, (k + 1) % standard.shape[1]] + 0.4 * rng.normal(size=n)
        logits = 3 * own[:, None] * np.linspace(-1, 1, 2 + k)[None] + rng.gumbel(size=(n, 2 + k))
        columns[f"c{k}"] = np.array(list("abcdefg"))[logits.argmax(1)]
        columns[f"k{k}"] = rng.poisson(np.exp(1 + 0.6 * own))
    return pd.DataFrame(columns)


def read(name: str, data: Path) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Return a real table, and the levels [N, K] of the columns that are hidden; numbers in ten bins."""
    from sklearn import datasets  # noqa: PLC0415

    if name == "breast_cancer":
        frame = datasets.load_breast_cancer(as_frame=True).frame
    elif name == "diabetes":
        frame = datasets.load_diabetes(as_frame=True, scaled=False).frame
    else:
        frame = pd.read_csv(record.require(data, f"tables/{name}.csv"))
        frame = frame if len(frame) < 4000 else frame.sample(4000, random_state=0)
    return frame, np.stack([_levels(frame[column]) for column in REAL[name]], axis=1)


def _levels(values: pd.Series) -> npt.NDArray[np.int64]:
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > 10:
        return np.asarray(pd.qcut(values, 10, labels=False, duplicates="drop"))
    return np.asarray(values.astype(str).astype("category").cat.codes)


# --- what is measured ------------------------------------------------------------------------------------------------


def measure(name: str, seed: int, objective: str, data: Path) -> Curve:
    """Try each beta as `--beta auto` does, and score models of all rows with two other seeds."""
    from vaeaudit.config import FitConfig, ModelConfig, ReadConfig, TrainConfig  # noqa: PLC0415
    from vaeaudit.data.reading.load import load  # noqa: PLC0415
    from vaeaudit.models.fitting.training import train  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.inference import posterior_means  # noqa: PLC0415
    from vaeaudit.workflow.builder import kind_for  # noqa: PLC0415

    frame, factors = make(name, seed) if name in PLANTED else read(name, data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        frame.to_csv(path, index=False)
        dataset = load(path, ReadConfig(exclude=REAL.get(name, ()), na=("?",)))
    train_config = TrainConfig(epochs=20, patience=6)
    config = FitConfig(model=ModelConfig(objective=objective), preset="quick", seed=seed, train=train_config)
    prepared = kind_for(dataset).prepare(dataset, config)
    trials = prepared.try_betas(betas=BETAS[objective], n_seeds=2)
    found = []
    for beta in BETAS[objective]:
        for other in (1000, 1001):
            model = replace(prepared.config.model, beta=beta)
            done = train(
                prepared.encoding, prepared.rows, prepared.held_out, model, prepared.config.train, seed=seed + other
            )
            found.append(_scored(posterior_means(done.model, prepared.rows), factors))
    full = {key: np.reshape([each[key] for each in found], (-1, 2)).mean(axis=1) for key in found[0]}
    return {**curve_of(trials), **full}


def curve_of(trials: Any) -> Curve:
    """Return what the rules see of each beta [B]."""
    from vaeaudit.statistics.aggregated_posterior import agreement, dependence  # noqa: PLC0415
    from vaeaudit.statistics.beta_choice import choose_beta  # noqa: PLC0415

    rng = np.random.default_rng
    elbo = trials.elbo.mean(axis=1)  # [B, H]
    pairs = [
        agreement(mean.astype(float), active, rng(0)) for mean, active in zip(trials.mean, trials.active, strict=True)
    ]
    shared = [
        np.mean(
            [
                dependence(mean[:, on].astype(float), spread[:, on].astype(float), rng(0))[
                    "total_correlation_nats"
                ].value
                if on.sum() > 1
                else 0.0
                for mean, spread, on in zip(*of_seeds, strict=True)
            ]
        )
        for of_seeds in zip(trials.mean, trials.stddev, trials.active, strict=True)
    ]
    return {
        "beta": trials.beta,
        "ELBO": elbo.mean(axis=1),
        "gain": trials.gain.mean(axis=1),
        "taken": np.equal(trials.beta, choose_beta(trials.beta, trials.gain, trials.fewest_active)).astype(float),
        "active": trials.fewest_active.astype(float),
        "UDR": np.array([pair["udr"].value for pair in pairs]),
        "matched": np.array([pair["matched"].value for pair in pairs]),
        "TC": np.array(shared),
    }


def _scored(means: npt.NDArray[np.floating], factors: npt.NDArray[np.int64]) -> dict[str, float]:
    from vaeaudit.outputs.latents import ACTIVE_THRESHOLD  # noqa: PLC0415
    from vaeaudit.statistics.disentanglement import dci_scores, information_scores  # noqa: PLC0415

    on = means.var(axis=0) > ACTIVE_THRESHOLD
    found = dict.fromkeys(SCORES, 0.0) | {"active, trained": float(on.sum())}
    if not on.any():
        return found
    rows = np.random.default_rng(0).permutation(len(means))[:_ROWS]
    for score, n in ((information_scores, _ROWS), (dci_scores, _FOREST_ROWS)):
        latents = means[rows[:n]][:, on].astype(np.float64)
        levels = np.stack([np.unique(each[rows[:n]], return_inverse=True)[1] for each in factors.T], axis=1)
        scores = score(latents, levels, np.random.default_rng(0))
        found |= {key: scores[key].value for key in SCORES if key in scores}
    return found


# --- rules -----------------------------------------------------------------------------------------------------------


def taken(curve: Curve) -> dict[str, int]:
    """Return, by rule, the position of the beta that it takes."""
    from vaeaudit.statistics.beta_choice import fewest_active  # noqa: PLC0415

    beta, gain = curve["beta"], curve["gain"]
    able = curve["active"] >= fewest_active(beta, curve["active"])
    one = int(np.flatnonzero(beta == 1)[0])

    def largest(fits: npt.NDArray[np.bool_]) -> int:
        return int(np.flatnonzero(fits & able).max(initial=-1)) if (fits & able).any() else one

    def best(score: npt.NDArray[np.float64], fits: npt.NDArray[np.bool_]) -> int:
        return int(np.where(fits & able, score, -np.inf).argmax()) if (fits & able).any() else one

    most = gain[able].max(initial=0.0)
    keeps = {share: gain >= (1 - share) * most for share in (0.05, 0.1, 0.2, 0.3)}
    every = np.ones_like(able)
    return {
        "beta 1": one,
        **({"beta 4": int((beta == 4).argmax())} if 4 in beta else {}),
        "one error": int(curve["taken"].argmax()),
        **{f"share {share}": largest(fits) for share, fits in keeps.items()},
        "UDR": best(curve["UDR"], every),
        "UDR, share 0.1": best(curve["UDR"], keeps[0.1]),
        "matched": best(curve["matched"], every),
        "least TC": best(-curve["TC"], every),
        "least TC, share 0.1": best(-curve["TC"], keeps[0.1]),
    }


def compare(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """Return, by rule, the mean scores at what it takes, and by how much MIG exceeds that of beta 1."""
    rows, rules = [], [taken(curve) for curve in curves]
    for rule in rules[0]:
        places = [each[rule] for each in rules]
        ones = [each["beta 1"] for each in rules]
        differences = [c["mig"][place] - c["mig"][one] for c, place, one in zip(curves, places, ones, strict=True)]
        rows.append(_rule(rule, curves, places, np.array(differences)))
    best = [int(curve["mig"].argmax()) for curve in curves]
    return [*rows, {"rule": "best by MIG, labels seen", **_means(curves, best)}]


def _rule(
    rule: str, curves: Sequence[Curve], places: Sequence[int], differences: npt.NDArray[np.float64]
) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    drawn = rng.choice(differences, (2000, len(differences))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {
        "rule": rule,
        "tables": len(curves),
        **_means(curves, places),
        "MIG beyond beta 1": f"{differences.mean():+.3f} ({low:+.3f} to {high:+.3f})",
        "betas taken": " ".join(f"{curve['beta'][place]:g}" for curve, place in zip(curves, places, strict=True)),
    }


def _means(curves: Sequence[Curve], places: Sequence[int]) -> dict[str, float]:
    pairs = list(zip(curves, places, strict=True))
    scores = {key: float(np.mean([curve[key][place] for curve, place in pairs])) for key in SCORES if key in curves[0]}
    return {**scores, "active": float(np.mean([curve["active, trained"][place] for curve, place in pairs]))}


def _rows(name: str, seed: int, curve: Mapping[str, npt.NDArray[np.float64]]) -> list[dict[str, Any]]:
    return [
        {"table": name, "seed": seed, **{key: float(values[place]) for key, values in curve.items()}}
        for place in range(len(curve["beta"]))
    ]


def _said(name: str, seed: int, curve: Curve) -> Curve:
    print(json.dumps(_rows(name, seed, curve)), flush=True)
    return curve


if __name__ == "__main__":
    main()
