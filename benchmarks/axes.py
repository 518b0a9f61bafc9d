"""Protocol `axes`: whether a table's latents come back when the model is trained again, turned and as trained.

    python -m benchmarks.axes [--data PATH] [--cases PATH] [--seeds K] [--table NAME ...] [--more FILE ...]

A fifth of each table is seen by no training. Models as `fit` trains them at its defaults, from K seeds (which also
choose the rows held out of training), lay these rows on their latents; two models' latents are paired one to one so
that the sum of |rank correlation| is largest. Printed are means over seeds:

- `shown`, `least`: latents that agree at .8 or more with their counterparts in the K - 1 others, in the mean and in the
  worst seed, and `agreement`, how far these do;
- `by one`: of latents that agree at .8 or more with *one* refit, as a run at the defaults chooses them, how many there
  are and how far the other seeds agree with them: nothing was chosen by these;
- `best`: agreement of the three latents of a model that agree best;
- `ELBO` of the held-out rows, in nats: compare within a table.

How latents are turned was chosen with Adult, German, attrition and COMPAS in view; the other tables were not.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import record

#: Agreement from which the page describes a latent.
_SHOWN = 0.8
TABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "adult": ("data", {"label": "income", "sensitive": ("sex", "race", "age")}),
    "german": ("data", {"label": "credit_risk"}),
    "attrition": ("cases", {"label": "Attrition", "sensitive": ("Gender", "Age")}),
    "compas": ("cases", {"label": "two_year_recid", "sensitive": ("sex", "race")}),
    "law6k": ("cases", {}),
    "penguins_raw": ("cases", {}),
}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--cases", type=Path, default=record.DATA.parent / "cases")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--table", choices=TABLES, action="append")
    parser.add_argument("--more", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    tables = [
        (name, record.require(getattr(arguments, TABLES[name][0]), f"tables/{name}.csv"), TABLES[name][1])
        for name in arguments.table or TABLES
    ] + [(path.stem, path, {}) for path in arguments.more]
    rows = []
    for name, path, read in tables:
        for turned in (False, True):
            rows.append(
                {"table": name, "latents": "turned" if turned else "as trained"}
                | measure(path, read, turned, arguments.seeds)
            )
            print(json.dumps(rows[-1]), flush=True)
    print(record.table(rows))
    if not arguments.table:
        record.write("axes", {"tables": rows}, data="tables as named", seeds=range(arguments.seeds))


def measure(path: Path, read: dict[str, Any], turned: bool, seeds: int) -> dict[str, Any]:
    """Train from all seeds, and return the figures of a table."""
    found = list(models(path, read, turned, range(seeds)))
    return agreement(np.stack([mean for mean, _ in found])) | {"ELBO": float(np.mean([elbo for _, elbo in found]))}


def models(path: Path, read: dict[str, Any], turned: bool, seeds: range) -> Iterator[tuple[np.ndarray, float]]:
    """Yield for each seed the posterior means [N, L] of the rows that no training saw, and the held-out ELBO."""
    from vaeaudit.config import FitConfig, ReadConfig  # noqa: PLC0415
    from vaeaudit.data.encoding.table_encoding import fit_encoding  # noqa: PLC0415
    from vaeaudit.data.reading.load import load  # noqa: PLC0415
    from vaeaudit.models.fitting.build import resolve  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.fitting.training import split_held_out, train  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.inference import posterior_means  # noqa: PLC0415 - TensorFlow

    dataset = load(path, ReadConfig(**read))
    order = np.random.default_rng(99).permutation(len(dataset))
    unseen, seen = np.sort(order[: len(order) // 5]), np.sort(order[len(order) // 5 :])
    encoding = fit_encoding(dataset, max_levels=FitConfig().model.embed_levels)
    rows, others = (encoding.encode(dataset.frame.iloc[part]) for part in (seen, unseen))
    for seed in seeds:
        config = resolve(replace(FitConfig(), seed=seed), encoding)
        held_out = split_held_out(len(rows), config.train.held_out, seed)
        with unturned(not turned):
            trained = train(encoding, rows, held_out, config.model, config.train, seed=seed)
        kept = int(np.argmin(trained.history["val_loss"]))
        yield posterior_means(trained.model, others), float(trained.history["val_elbo"][kept])


@contextmanager
def unturned(wanted: bool) -> Iterator[None]:
    """Leave latents as training has them."""
    if not wanted:
        yield
        return
    with patch("vaeaudit.models.table.vae.turn_axes", lambda model, batch: None):
        yield


def agreement(means: np.ndarray) -> dict[str, float]:
    """Return how far the latents of K models [K, N, L] are the same."""
    from vaeaudit.statistics.aggregated_posterior import matched_one_to_one  # noqa: PLC0415

    n_models = len(means)
    pairs = np.full((n_models, n_models, means.shape[2]), np.nan)
    for one in range(n_models):
        for other in range(n_models):
            if one != other:
                pairs[one, other], _ = matched_one_to_one(means[[one, other]])
    mean = np.nanmean(pairs, axis=1)
    shown = mean >= _SHOWN
    counts, agree = [], []
    for one in range(n_models):
        for chooser in range(n_models):
            if chooser != one:
                chosen = pairs[one, chooser] >= _SHOWN
                others = [model for model in range(n_models) if model not in {one, chooser}]
                counts.append(int(chosen.sum()))
                agree += pairs[one][others][:, chosen].ravel().tolist()
    return {
        "shown": float(shown.sum(axis=1).mean()),
        "least": float(shown.sum(axis=1).min()),
        "agreement": float(mean[shown].mean()) if shown.any() else float("nan"),
        "by one": float(np.mean(counts)),
        "others agree": float(np.mean(agree)) if agree else float("nan"),
        "best": float(np.sort(mean, axis=1)[:, -3:].mean()),
    }


if __name__ == "__main__":
    main()
