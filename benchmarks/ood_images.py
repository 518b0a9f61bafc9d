"""Protocol `ood_images`: pictures that do not belong, found by the outlier score of pictures; labels never seen.

    python -m benchmarks.ood_images [--data PATH] [--seeds K]

Fashion-MNIST: a model of 10,000 training pictures scores its test pictures, MNIST and notMNIST. Magnetic tile: a model
of all pictures, defects among them, scores the same pictures. Everything at the defaults of `vaeaudit fit`. Beside it,
in the same run: the raw negative ELBO of the same model, and two detectors on the pixels.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from benchmarks import record
from vaeaudit.config import AnalysisConfig, FitConfig, ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load

FloatArray = npt.NDArray[np.floating]

_TRAINED = 10_000
_SOUND = "free"
_OURS = "vaeaudit"
#: Of the pixels' variance, kept by the principal components whose reconstruction error is taken.
_PCA_SHARE = 0.9
_TREES = 200


@dataclass(frozen=True)
class Scored:
    """Scores per set of pictures and method; what training took; which rows of the training set were flagged."""

    scores: Mapping[str, Mapping[str, FloatArray]]
    seconds: float
    epochs: int
    flagged: npt.NDArray[np.bool_]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    fashion = record.require(arguments.data, "arrays/fashion_mnist.npz")
    others = record.require(arguments.data, "arrays/ood_28px.npz")
    tiles = record.require(arguments.data, "images/magnetic_tile")
    seeds = range(arguments.seeds)
    with tempfile.TemporaryDirectory() as folder:
        runs = [fashion_mnist(fashion, others, Path(folder), seed) for seed in seeds]
        defects, flagged = zip(*(magnetic_tile(tiles, Path(folder), seed) for seed in seeds), strict=True)
    figures = {
        "fashion_mnist_auroc_against_other_pictures": table([run[0] for run in runs]),
        "magnetic_tile_auroc_of_defects_against_free": table(list(defects)),
        "training_and_flags_at_fdr_0.05": [*(run[1] for run in runs), *flagged],
    }
    for name, rows in figures.items():
        print(f"\n{name}\n{record.table(rows)}")
    record.write(
        "ood_images",
        figures,
        data="arrays/fashion_mnist.npz, arrays/ood_28px.npz, images/magnetic_tile",
        seeds=list(seeds),
    )


def fashion_mnist(fashion: Path, others: Path, folder: Path, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the AUROC of each other set per method, and how training and flags went."""
    with np.load(fashion) as archive:
        arrays = {"train": archive["x_train"][:_TRAINED], "test": archive["x_test"]}
    with np.load(others) as archive:
        arrays |= {name: archive[name] for name in ("mnist", "notmnist")}
    pictures = {name: _pictures(values, folder / f"{name}.npy", folder) for name, values in arrays.items()}
    scored = score(pictures.pop("train"), pictures, seed)
    aurocs = {
        method: {
            name: _auroc(scored.scores["test"][method], scored.scores[name][method]) for name in ("mnist", "notmnist")
        }
        for method in scored.scores["test"]
    }
    return aurocs, _facts("fashion_mnist", seed, scored, np.zeros(_TRAINED, bool))


def magnetic_tile(folder: Path, cache: Path, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the AUROC of each class of defects, their mean, and all defects pooled, per method; and the flags."""
    tiles = load(folder, ReadConfig(exclude=("class",), cache=str(cache / "cache")))
    classes = tiles.frame["class"].astype(str).to_numpy()
    scored = score(tiles, {"tiles": tiles}, seed)
    aurocs = {}
    for method, values in scored.scores["tiles"].items():
        sound = values[classes == _SOUND]
        found = {name: _auroc(sound, values[classes == name]) for name in sorted(set(classes) - {_SOUND})}
        mean = float(np.mean(list(found.values())))
        aurocs[method] = {**found, "mean": mean, "pooled": _auroc(sound, values[classes != _SOUND])}
    return aurocs, _facts("magnetic_tile", seed, scored, classes != _SOUND)


def score(trained: Dataset, others: Mapping[str, Dataset], seed: int) -> Scored:
    """Train on one dataset at the defaults, and score others by our score, the ELBO and the detectors on pixels."""
    from vaeaudit.data.encoding.image_encoding import fit_image_encoding  # noqa: PLC0415
    from vaeaudit.models.fitting.build import resolve  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.fitting.training import split_held_out, train  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.image.inference import encode_images, fit_image_scales  # noqa: PLC0415 - TensorFlow
    from vaeaudit.scoring.image_score import fit_reference, image_outlier_score, score_images  # noqa: PLC0415
    from vaeaudit.scoring.rarity.rareness import LatentDensities, fit_density  # noqa: PLC0415

    encoding = fit_image_encoding(_store(trained))
    config = resolve(FitConfig(seed=seed), encoding)
    rows = encoding.encode(_store(trained))
    held_out = split_held_out(len(rows), config.train.held_out, seed)
    training = train(encoding, rows, held_out, config.model, config.train, seed=seed)
    scales = fit_image_scales(training.model, rows, seed=seed)

    def encode(dataset: Dataset, held_out: npt.NDArray[np.bool_]) -> Any:
        pictures = encoding.encode(_store(dataset))
        samples = config.train.iwae_samples
        return encode_images(training.model, pictures, held_out, scales, n_samples=samples, seed=seed)

    codes = encode(trained, held_out)
    reference = fit_reference(codes.image_statistics)
    rareness = LatentDensities.of(fit_density(codes.mean[~held_out], codes.active, seed=seed), codes.mean).rareness(
        AnalysisConfig()
    )
    peers = {name: fit(_flat(trained), seed) for name, fit in {"IsolationForest": forest, "PCA": principal}.items()}
    scores = {}
    for name, dataset in others.items():
        found = encode(dataset, np.zeros(len(_store(dataset)), bool))
        pixels = _flat(dataset)
        scores[name] = {
            _OURS: image_outlier_score(found.image_statistics, reference),
            "negative ELBO": -found.elbo,
            **{peer: look(pixels) for peer, look in peers.items()},
        }
    flagged = score_images(codes, reference, rareness, fdr=config.analysis.fdr).outlier
    return Scored(scores, training.seconds, training.epochs, flagged)


def forest(pixels: FloatArray, seed: int) -> Any:
    """Isolation forest on pixels (scikit-learn)."""
    fitted = IsolationForest(n_estimators=_TREES, random_state=seed, n_jobs=2).fit(pixels)
    return lambda others: -fitted.score_samples(others)


def principal(pixels: FloatArray, seed: int) -> Any:
    """Squared error of the reconstruction from the principal components that keep most of the variance."""
    fitted = PCA(n_components=_PCA_SHARE, svd_solver="full", random_state=seed).fit(pixels)
    return lambda others: np.square(others - fitted.inverse_transform(fitted.transform(others))).sum(axis=1)


def table(runs: list[dict[str, dict[str, float]]]) -> list[dict[str, Any]]:
    """Return one row per method: mean over the seeds, and for ours the smallest and largest as rows of their own."""
    rows = []
    for method in runs[0]:
        values = {name: [run[method][name] for run in runs] for name in runs[0][method]}
        rows.append({"score": method, **{name: _rounded(np.mean(found)) for name, found in values.items()}})
        if method == _OURS and len(runs) > 1:
            for word, pick in (("smallest", min), ("largest", max)):
                of_seeds = {name: _rounded(pick(found)) for name, found in values.items()}
                rows.append({"score": f"{method}, {word} of {len(runs)} seeds", **of_seeds})
    return rows


def _facts(name: str, seed: int, scored: Scored, planted: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Say how long training took and how many sound and unsound pictures are flagged; "-" where none is unsound."""
    unsound = f"{scored.flagged[planted].sum()} of {planted.sum()}" if planted.any() else "-"
    return {
        "data": name,
        "seed": seed,
        "epochs": scored.epochs,
        "train_s": scored.seconds,
        "sound flagged": f"{scored.flagged[~planted].sum()} of {(~planted).sum()}",
        "defects flagged": unsound,
    }


def _pictures(values: npt.NDArray[np.uint8], path: Path, cache: Path) -> Dataset:
    np.save(path, values)
    side = values.shape[1]
    started = time.monotonic()
    dataset = load(path, ReadConfig(kind="images", image_size=side, cache=str(cache / "cache")))
    print(f"read {len(values):,} pictures in {time.monotonic() - started:.1f} s")
    return dataset


def _store(dataset: Dataset) -> Any:
    if dataset.images is None:
        raise ValueError(f"{dataset.name} holds no pictures")
    return dataset.images


def _flat(dataset: Dataset) -> FloatArray:
    """Return all pixels in [0, 1], padding included, [N, H * W * channels]."""
    store = _store(dataset)
    return np.asarray(store.read(np.arange(len(store))).reshape(len(store), -1) / 255.0)


def _auroc(usual: FloatArray, unusual: FloatArray) -> float:
    truth = np.repeat([0, 1], [len(usual), len(unusual)])
    return float(roc_auc_score(truth, np.concatenate([usual, unusual])))


def _rounded(value: float) -> float:
    return round(float(value), 4)


if __name__ == "__main__":
    main()
