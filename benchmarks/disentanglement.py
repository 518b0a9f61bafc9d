"""Protocol `disentanglement`: how far latents and the factors that made the data go together, by objective.

    python -m benchmarks.disentanglement [--data PATH] [--seeds K] [--rows N] [--epochs N] [--made NAME ...]
                                         [--with OBJECTIVE[:BETA] ...]

`linear` and `bent` are tables of 12 numbers made from four independent factors (two numbers, one of four levels and
one of three): each moves three columns, in proportion or along a curve, and one column of the next factor. `dsprites`
is pictures of 16 x 16 pixels (mean of 4 x 4) with five factors; without its file it is left out. The factors stay out
of the model. Each model is trained as `fit` does it, for at most `--epochs` epochs; beside it are the principal
components of the same rows, as many as there are factors. Scores are those of the report, of at most 3,000 rows and the
active latents; figures are means over seeds, beside the standard deviation of MIG over them.

`all of dsprites`, which only `--made` asks for, is all 92,160 of these pictures, and ten latents as published: a row
for each seed, and their medians beside what was published for the beta-VAE on the original, of 64 x 64 pixels. The
objective `falling` ends at a beta of .03 there, since a picture of 16 x 16 pixels has a sixteenth of their nats.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import record

MODELS = ("beta", "beta-tc", "dip")
#: All pictures of dSprites, and what is trained on them.
ALL, MODELS_OF_ALL, LATENTS_OF_ALL = "all of dsprites", ("falling:0.03",), 10
PUBLISHED = {"model": "beta-VAE as published", "seed": "", "mig": 0.21, "dci_disentanglement": 0.41, "factorvae": 0.63}
#: The re-render of dSprites: file, and the factors that vary in it.
_SPRITES = "arrays/dsprites_rerender_92160.npz"
_MOST_ROWS = 3000


@dataclass(frozen=True)
class Made:
    """Columns [N, C], or pictures [N, H, W], and the levels of the factors [N, K] that made them."""

    rows: npt.NDArray[Any]
    factors: npt.NDArray[np.int64]


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    figures = record.figures_of("disentanglement")
    for name in arguments.made or ("linear", "bent", "dsprites"):
        if "dsprites" in name and not (arguments.data / _SPRITES).exists():
            print(f"{name}: left out, {arguments.data / _SPRITES} is not there.")
            continue
        figures[name] = _rows(name, arguments)
        said = f"generated tables and, re-rendered, dSprites; last run: {name}, at most {arguments.epochs} epochs"
        record.write("disentanglement", figures, data=said, seeds=range(arguments.seeds))


def _rows(name: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    if name != ALL:
        models = arguments.model or (*MODELS, "principal components")
        return [_said(summary(model, list(scores(name, model, arguments)))) for model in models]
    rows = []
    for model in arguments.model or MODELS_OF_ALL:
        found = []
        for seed, each in enumerate(scores(name, model, arguments)):
            found.append(_said({"model": model, "seed": seed, **each}))
        medians = {key: float(median(each[key] for each in found)) for key in found[0] if key not in ("model", "seed")}
        rows += [*found, {"model": model, "seed": "median", **medians}]
    return [*rows, PUBLISHED]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--made", action="append", choices=("linear", "bent", "dsprites", ALL))
    parser.add_argument("--with", dest="model", action="append")
    return parser.parse_args()


def make(name: str, arguments: argparse.Namespace, seed: int) -> Made:
    """Make the rows of one seed, and keep the factors that they were made from."""
    rng = np.random.default_rng(seed)
    if "dsprites" in name:
        with np.load(arguments.data / _SPRITES) as held:
            pictures, levels = held["imgs"], held["latents_classes"][:, 1:].astype(np.int64)  # of one colour
        n_rows = len(pictures) if name == ALL else min(arguments.rows, len(pictures))
        chosen = np.sort(rng.choice(len(pictures), n_rows, replace=False))
        small = pictures[chosen].reshape(-1, 16, 4, 16, 4).mean(axis=(2, 4))
        return Made((small * 255).round().astype(np.uint8), _few_levels(levels[chosen]))
    numbers, levels = rng.uniform(-1, 1, (arguments.rows, 2)), rng.integers(0, (4, 3), (arguments.rows, 2))
    standard = np.concatenate([numbers * 3**0.5, (levels - levels.mean(0)) / levels.std(0)], axis=1)
    shapes = (np.array, np.array, np.array) if name == "linear" else (np.tanh, np.exp, np.square)
    own = np.stack([shapes[c % 3](standard[:, c // 3]) for c in range(12)], axis=1)
    own[:, ::3] += 0.7 * np.roll(standard, 1, axis=1)
    bins = np.clip((numbers + 1) * 5, 0, 9).astype(np.int64)
    return Made(own + 0.1 * rng.normal(size=own.shape), np.concatenate([bins, levels], axis=1))


def _few_levels(levels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Divide factors of more than ten levels into ten, as the report does."""
    many = levels.max(axis=0) + 1
    return np.where(many > 10, levels * 10 // many, levels)


def scores(name: str, model: str, arguments: argparse.Namespace) -> Iterator[dict[str, float]]:
    """Train a model with each seed, and yield its scores."""
    from vaeaudit.statistics.disentanglement import score_all  # noqa: PLC0415

    for seed in range(arguments.seeds):
        made = make(name, arguments, seed)
        flat = made.rows.reshape(len(made.rows), -1).astype(np.float64)
        if model == "principal components":
            found: dict[str, float] = {}
            latents = _components(flat, made.factors.shape[1])
        else:
            found, latents = _trained(made, model, arguments.epochs, seed, LATENTS_OF_ALL if name == ALL else 0)
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(latents))[:_MOST_ROWS]
        yield {name: score.value for name, score in score_all(latents[rows], made.factors[rows], rng).items()} | found


def _components(flat: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.float64]:
    from sklearn.decomposition import PCA  # noqa: PLC0415

    scale = flat.std(axis=0)
    return np.asarray(PCA(n, random_state=0).fit_transform((flat - flat.mean(axis=0)) / np.where(scale > 0, scale, 1)))


def _trained(
    made: Made, model: str, epochs: int, seed: int, n_latents: int
) -> tuple[dict[str, float], npt.NDArray[np.float64]]:
    from vaeaudit.config import FitConfig, ModelConfig, ReadConfig, TrainConfig  # noqa: PLC0415
    from vaeaudit.data.reading.load import load  # noqa: PLC0415
    from vaeaudit.models.inference import posterior_means  # noqa: PLC0415 - TensorFlow
    from vaeaudit.outputs.latents import ACTIVE_THRESHOLD  # noqa: PLC0415
    from vaeaudit.workflow.builder import kind_for  # noqa: PLC0415

    objective, _, beta = model.partition(":")
    config = FitConfig(
        read=ReadConfig(kind="images" if made.rows.ndim == 3 else "array"),
        model=ModelConfig(objective=objective, beta=float(beta) if beta else None, latents=n_latents),
        train=TrainConfig(epochs=epochs),
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.npy"
        np.save(path, made.rows)
        dataset = load(path, replace(config.read, cache=folder))
        prepared = kind_for(dataset).prepare(dataset, config)
        training = prepared.train()
        latents = posterior_means(training.model, prepared.rows)
    active = latents.var(axis=0) > ACTIVE_THRESHOLD
    found = {
        "steps": float(training.model.optimizer.iterations.numpy()),
        "active": float(active.sum()),
        "ELBO": float(training.history["val_elbo"].max()),
        "seconds": training.seconds,
    }
    return found, latents[:, active].astype(np.float64)


def summary(model: str, found: list[dict[str, float]]) -> dict[str, Any]:
    """Return the means over seeds, and the deviation of MIG over them."""
    spread = stdev(each["mig"] for each in found) if len(found) > 1 else 0.0
    means = {key: mean(each[key] for each in found) for key in found[0]}
    return {"model": model, "seeds": len(found), "mig": means.pop("mig"), "over seeds": spread, **means}


def _said(row: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps(row), flush=True)
    return row


if __name__ == "__main__":
    main()
