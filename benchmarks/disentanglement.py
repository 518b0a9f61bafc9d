"""Protocol `disentanglement`: how far latents and the factors that made the data go together, by objective.

    python -m benchmarks.disentanglement [--data PATH] [--seeds K] [--rows N] [--epochs N] [--made NAME ...]

`linear` and `bent` are tables of 12 numbers made from four independent factors (two numbers, one of four levels and
one of three): each moves three columns, in proportion or along a curve, and one column of the next factor. `dsprites`
is pictures of 16 x 16 pixels (mean of 4 x 4) with five factors; without its file it is left out. The factors stay out
of the model. Each model is trained as `fit` does it, for at most `--epochs` epochs; beside it are the principal
components of the same rows, as many as there are factors. Scores are those of the report, of at most 3,000 rows and the
active latents; figures are means over seeds, beside the standard deviation of MIG over them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import record

MODELS = ("beta", "beta-tc", "dip")
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
        if name == "dsprites" and not (arguments.data / _SPRITES).exists():
            print(f"{name}: left out, {arguments.data / _SPRITES} is not there.")
            continue
        figures[name] = [
            _said(summary(model, list(scores(name, model, arguments)))) for model in (*MODELS, "principal components")
        ]
    said = f"generated tables of {arguments.rows:,} rows and, re-rendered, dSprites; at most {arguments.epochs} epochs"
    record.write("disentanglement", figures, data=said, seeds=range(arguments.seeds))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--made", action="append", choices=("linear", "bent", "dsprites"))
    return parser.parse_args()


def make(name: str, arguments: argparse.Namespace, seed: int) -> Made:
    """Make the rows of one seed, and keep the factors that they were made from."""
    rng = np.random.default_rng(seed)
    if name == "dsprites":
        with np.load(arguments.data / _SPRITES) as held:
            pictures, levels = held["imgs"], held["latents_classes"][:, 1:].astype(np.int64)  # of one colour
        chosen = np.sort(rng.choice(len(pictures), min(arguments.rows, len(pictures)), replace=False))
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
            found, latents = _trained(made, model, arguments.epochs, seed)
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(latents))[:_MOST_ROWS]
        yield {name: score.value for name, score in score_all(latents[rows], made.factors[rows], rng).items()} | found


def _components(flat: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.float64]:
    from sklearn.decomposition import PCA  # noqa: PLC0415

    scale = flat.std(axis=0)
    return np.asarray(PCA(n, random_state=0).fit_transform((flat - flat.mean(axis=0)) / np.where(scale > 0, scale, 1)))


def _trained(made: Made, model: str, epochs: int, seed: int) -> tuple[dict[str, float], npt.NDArray[np.float64]]:
    from vaeaudit.config import FitConfig, ModelConfig, ReadConfig, TrainConfig  # noqa: PLC0415
    from vaeaudit.data.reading.load import load  # noqa: PLC0415
    from vaeaudit.models.inference import posterior_means  # noqa: PLC0415 - TensorFlow
    from vaeaudit.outputs.latents import ACTIVE_THRESHOLD  # noqa: PLC0415
    from vaeaudit.workflow.builder import kind_for  # noqa: PLC0415

    objective, _, beta = model.partition(":")
    config = FitConfig(
        read=ReadConfig(kind="images" if made.rows.ndim == 3 else "array"),
        model=ModelConfig(objective=objective, beta=float(beta) if beta else None),
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
