"""Protocol `debiasing`, the semi-supervised DB-VAE itself: does resampling by the latents even out its own errors?

    python -m benchmarks.debiasing_db_vae [--data PATH] [--seeds K] [--epochs N]

The cuts of `benchmarks.debiasing`, seed by seed, and the same validation set, in pictures of 32 pixels, which is what
the classifiers there see. Here the classifier is the one that `--objective db-vae` trains on the latents, from the same
start with its rows drawn evenly and drawn by their latents within their label. What is recorded of the other
classifiers at the same cuts stands beside it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import record
from benchmarks.debiasing import Faces, FloatArray, cut_group, judge
from benchmarks.group_accuracy import Judged, paired, per_group, per_seed, summary
from vaeaudit.config import PRESETS, FitConfig, ModelConfig, Objective, Preset, ReadConfig, TrainConfig
from vaeaudit.data.encoding.image_encoding import fit_image_encoding
from vaeaudit.data.encoding.label_encoding import RowLabels
from vaeaudit.data.reading.load import load

_PIXELS = 32
_EVENLY, _BY_LATENTS = "drawn evenly", "drawn by the latents"
_CLASSIFIER = "DB-VAE"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=PRESETS[Preset.QUICK.value]["epochs"])
    arguments = parser.parse_args()
    folder = record.require(arguments.data, "images/fairface_64")
    seeds = range(arguments.seeds)
    with tempfile.TemporaryDirectory() as cache:
        dataset = load(folder, ReadConfig(image_size=_PIXELS, cache=cache))
        judged = [one for seed in seeds for one in compare(cut_group(dataset, seed), seed, arguments.epochs)]
    figures: dict[str, Any] = {
        "accuracy_over_groups": summary(judged),
        "paired_with_rows_drawn_evenly": paired(judged, _EVENLY),
        "beside_the_classifiers_of_debiasing_at_the_same_cuts": beside(judged, len(seeds)),
        "seeds": [{**per_seed(one), "epochs": arguments.epochs} for one in judged],
        "accuracy_of_each_group": per_group(judged, _CLASSIFIER),
    }
    for name, rows in figures.items():
        print(f"\n{name}\n{record.table(rows)}")
    record.write("debiasing_db_vae", figures, data="images/fairface_64", seeds=list(seeds))


def compare(faces: Faces, seed: int, epochs: int) -> list[Judged]:
    """Train the DB-VAE with its rows drawn either way, and judge what it says of the validation pictures."""
    from vaeaudit.models.fitting.batches import draw_weights  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.fitting.build import resolve  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.fitting.training import split_held_out, train  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.inference import class_probabilities, posterior_means  # noqa: PLC0415 - TensorFlow

    if faces.dataset.images is None:
        raise ValueError(f"{faces.dataset.name} holds no pictures")
    encoding = fit_image_encoding(faces.dataset.images)
    pictures = encoding.encode(faces.dataset.images)
    known, asked = pictures.take(faces.rows), pictures.take(faces.judged)
    label = faces.labels[faces.rows].astype(np.int32)
    settings = TrainConfig(**{**PRESETS[Preset.QUICK.value], "epochs": epochs})
    config = resolve(FitConfig(model=ModelConfig(objective=Objective.DB_VAE), train=settings, seed=seed), encoding)
    held_out = split_held_out(len(known), config.train.held_out, seed)
    found = []
    for arm in (_EVENLY, _BY_LATENTS):
        how = replace(config.train, debias=arm == _BY_LATENTS)
        labels = RowLabels(label, ("False", "True"))
        model = train(encoding, known, held_out, config.model, how, seed=seed, labels=labels).model
        answers = class_probabilities(model, asked).argmax(axis=1) == 1
        weight: FloatArray = np.ones(len(label))
        if how.debias:
            mean = posterior_means(model, known)
            for each in (0, 1):
                weight[label == each] = draw_weights(mean[label == each], how.debias_alpha)
        one = judge(faces, answers, weight, arm=arm, classifier=_CLASSIFIER, seed=seed)
        print(f"{seed} {one.cut}: {arm}: mean {one.mean:.1f}, variance {one.variance:.1f}", flush=True)
        found.append(one)
    return found


def beside(judged: Sequence[Judged], n_seeds: int) -> list[dict[str, Any]]:
    """Return means over the same seeds of these arms, and of those that `benchmarks.debiasing` has recorded."""
    rows = [*map(per_seed, judged), *record.figures_of("debiasing").get("seeds", [])]
    arms = dict.fromkeys((row["classifier"], row["weights"]) for row in rows)
    kept = {arm: [row for row in rows if (row["classifier"], row["weights"]) == arm] for arm in arms}
    names = ("mean", "variance", "accuracy of the cut group")
    return [
        {
            "classifier": classifier,
            "weights": weights,
            **{name: round(float(np.mean([row[name] for row in of if row["seed"] < n_seeds])), 3) for name in names},
        }
        for (classifier, weights), of in kept.items()
    ]


if __name__ == "__main__":
    main()
