"""Protocol `debiasing`: does weighting rows by how rare their latents are even out a classifier's errors over groups?

    python -m benchmarks.debiasing [--data PATH] [--seeds K]

FairFace at 64 pixels, task gender. Of one group, race x gender, 5 % of the training rows are kept; seed s takes the
s-th group of a fixed shuffle. A model of the pixels (preset quick) is trained on these rows; weights follow from its
latents, and a classifier is trained with each. Race is never shown to a model, to the weights or to the classifier.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from benchmarks import record
from benchmarks.group_accuracy import Judged, paired, per_group, per_seed, summary
from vaeaudit.config import PRESETS, AnalysisConfig, FitConfig, Preset, Rarity, ReadConfig, TrainConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.image_encoding import fit_image_encoding
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.histograms import effective_sample_size, fit_histograms
from vaeaudit.outputs.latents import ACTIVE_THRESHOLD
from vaeaudit.scoring.rarity.rareness import dbvae_weight, fit_density, resampling_weight

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]

_TASK, _POSITIVE, _HIDDEN = "gender", "Male", "race"
_KEPT = 0.05
_PIXELS = 64
_UNWEIGHTED, _EQUAL, _WHOLE = "no weights", "labels equal", "no weights, nothing cut"
_NETWORK, _LINEAR = "network", "logistic regression"


@dataclass(frozen=True)
class Faces:
    """Pictures of one seed: those for training [N], one group cut, and those that are judged [M].

    Attributes
    ----------
    dataset, rows, left_out, judged
        All pictures; which of them are trained on, which were taken from these, and which are judged.
    labels, groups
        Of all pictures.
    cut
        The group of which few rows are left.
    """

    dataset: Dataset
    rows: npt.NDArray[np.int64]
    left_out: npt.NDArray[np.int64]
    judged: npt.NDArray[np.int64]
    labels: BoolArray
    groups: TextArray
    cut: str


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    folder = record.require(arguments.data, "images/fairface_64")
    with tempfile.TemporaryDirectory() as cache:
        dataset = load(folder, ReadConfig(image_size=_PIXELS, cache=cache))
        judged = [one for seed in range(arguments.seeds) for one in compare(cut_group(dataset, seed), seed)]
    figures = {
        "accuracy_over_groups": summary(judged),
        "paired_with_no_weights": paired(judged, _UNWEIGHTED),
        "paired_with_labels_equal": paired(judged, _EQUAL),
        "seeds": [per_seed(one) for one in judged],
        "accuracy_of_each_group_by_the_network": per_group(judged, _NETWORK),
    }
    for name, rows in figures.items():
        print(f"\n{name}\n{record.table(rows)}")
    record.write("debiasing", figures, data="images/fairface_64", seeds=list(range(arguments.seeds)))


def cut_group(dataset: Dataset, seed: int) -> Faces:
    """Leave few training rows of the group that stands at position `seed` of a shuffle, the same for all seeds."""
    frame = dataset.frame
    task = frame[_TASK].astype(str).to_numpy(str)
    groups = np.array([f"{race} {gender}" for race, gender in zip(frame[_HIDDEN].astype(str), task, strict=True)])
    names = np.unique(groups)
    cut = str(names[np.random.default_rng(0).permutation(len(names))[seed % len(names)]])
    split = frame["split"].astype(str).to_numpy(str)
    members = np.flatnonzero((split == "train") & (groups == cut))
    left_out = np.random.default_rng(seed).permutation(members)[max(1, round(_KEPT * len(members))) :]
    rows = np.setdiff1d(np.flatnonzero(split == "train"), left_out)
    return Faces(dataset, rows, left_out, np.flatnonzero(split == "val"), task == _POSITIVE, groups, cut)


def compare(faces: Faces, seed: int) -> list[Judged]:
    """Train each classifier with each kind of weights, and once with nothing cut: more than weights can give back."""
    weights = arms(latents(faces, seed), faces.labels[faces.rows], faces.groups[faces.rows], seed)
    whole = replace(faces, rows=np.union1d(faces.rows, faces.left_out))
    return classify(faces, weights, seed) + classify(whole, {_WHOLE: np.ones(len(whole.rows))}, seed)


def classify(faces: Faces, weights: Mapping[str, FloatArray], seed: int) -> list[Judged]:
    """Train each classifier on these rows with each kind of weights."""
    from benchmarks.gender_classifier import components, halve, linear_answers, network_answers  # noqa: PLC0415

    labels = faces.labels[faces.rows]
    store = faces.dataset.images
    if store is None:
        raise ValueError(f"{faces.dataset.name} holds no pictures")
    known, asked = halve(store.read(faces.rows)), halve(store.read(faces.judged))
    reduced = components(known, asked)
    found = []
    for arm, weight in weights.items():
        answers = {
            _NETWORK: network_answers(known, labels, weight, asked, seed=seed),
            _LINEAR: linear_answers(reduced[0], labels, weight, reduced[1]),
        }
        for classifier, given in answers.items():
            one = judge(faces, given, weight, arm=arm, classifier=classifier, seed=seed)
            print(
                f"{seed} {one.cut}: {classifier}, {arm}: mean {one.mean:.1f}, variance {one.variance:.1f}", flush=True
            )
            found.append(one)
    return found


def latents(faces: Faces, seed: int) -> FloatArray:
    """Train a model of the pixels on the cut training rows; return posterior means of its moving latents [N, A]."""
    from vaeaudit.models.fitting.build import resolve  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.fitting.training import split_held_out, train  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.inference import posterior_means  # noqa: PLC0415 - TensorFlow

    if faces.dataset.images is None:
        raise ValueError(f"{faces.dataset.name} holds no pictures")
    encoding = fit_image_encoding(faces.dataset.images)
    rows = encoding.encode(faces.dataset.images).take(faces.rows)
    quick = Preset.QUICK.value
    config = resolve(FitConfig(preset=quick, train=TrainConfig(**PRESETS[quick]), seed=seed), encoding)
    held_out = split_held_out(len(rows), config.train.held_out, seed)
    training = train(encoding, rows, held_out, config.model, config.train, seed=seed)
    mean = posterior_means(training.model, rows)
    return np.asarray(mean[:, mean.var(axis=0) > ACTIVE_THRESHOLD], np.float64)


def arms(mean: FloatArray, labels: BoolArray, groups: TextArray, seed: int) -> dict[str, FloatArray]:
    """Return one weight per row [N] for each arm; only the last one, a bound, has seen the groups.

    The weights are made within each label, as DB-VAE makes them among faces only, and each label then gets the same
    total: so do the arms "labels equal", without latents, and "label given latents".
    """
    settings = AnalysisConfig()
    alpha, cap = settings.weight_alpha, settings.weight_cap
    active = np.ones(mean.shape[1], bool)

    def product(z: FloatArray) -> FloatArray:
        return dbvae_weight(fit_histograms(z, active), z, Rarity.DBVAE_PRODUCT.value, alpha=alpha, cap=cap)

    def maximum(z: FloatArray) -> FloatArray:
        return dbvae_weight(fit_histograms(z, active), z, Rarity.DBVAE_MAX.value, alpha=alpha, cap=cap)

    def joint(z: FloatArray) -> FloatArray:
        return resampling_weight(fit_density(z, active, seed=seed).rarity(z), alpha=alpha, cap=cap)

    found = {_UNWEIGHTED: np.ones(len(labels)), _EQUAL: equal_totals(np.ones(len(labels)), labels)}
    for name, weigh in (("DB-VAE product", product), ("DB-VAE max", maximum), ("joint density", joint)):
        weight = np.empty(len(labels))
        for label in (False, True):
            weight[labels == label] = weigh(mean[labels == label])
        found[name] = equal_totals(weight, labels)
    found["label given latents"] = equal_totals(unlikely_label(mean, labels), labels)
    found["true groups equal"] = equal_totals(np.ones(len(labels)), groups)
    return found


def unlikely_label(mean: FloatArray, labels: BoolArray) -> FloatArray:
    """Return p(y|z)^(-1/2) [N], by a cross-fitted logistic regression on the latents.

    1 / p(y|z) weights make label and latents independent (inverse propensity, Robins 1994). The root keeps the
    effective sample near N; it was chosen with these pictures in view.
    """
    shares = cross_val_predict(LogisticRegression(max_iter=1000), mean, labels, cv=5, method="predict_proba")
    return np.asarray(shares[np.arange(len(labels)), labels.astype(int)] ** -0.5)


def equal_totals(weight: FloatArray, levels: npt.NDArray[Any]) -> FloatArray:
    """Scale weights so that each level has the same total; mean 1."""
    _, level = np.unique(levels, return_inverse=True)
    totals = np.bincount(level, weights=weight)
    return np.asarray(weight / totals[level] * len(weight) / len(totals))


def judge(faces: Faces, answers: BoolArray, weight: FloatArray, *, arm: str, classifier: str, seed: int) -> Judged:
    """Count right answers per group of the judged pictures."""
    right, groups = answers == faces.labels[faces.judged], faces.groups[faces.judged]
    names, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    share = np.bincount(group, weights=right) / sizes
    is_cut = faces.groups[faces.rows] == faces.cut
    of_label = faces.labels[faces.rows] == faces.labels[faces.rows][is_cut][0]
    return Judged(
        seed,
        faces.cut,
        classifier,
        arm,
        dict(zip(names.tolist(), (100 * share).tolist(), strict=True)),
        noise=float(np.mean(1e4 * share * (1 - share) / (sizes - 1))),
        effective_share=effective_sample_size(weight) / len(weight),
        lift=float(weight[is_cut].mean() / weight[of_label].mean()),
    )


if __name__ == "__main__":
    main()
