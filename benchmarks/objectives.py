"""Protocol `objectives`: what each objective makes of four real tables.

    python -m benchmarks.objectives [--data PATH] [--cases PATH] [--seeds K] [--table NAME ...]
                                    [--with OBJECTIVE[:BETA[:CAPACITY]] ...]

Each model is trained as `fit` at its defaults does, without the label and the sensitive columns. Of the rows that took
no part: ELBO (beta 1 whatever was minimised) and importance-weighted bound, KL, log-likelihood, nats per row in the
units of the columns: compare them within a table. Of 2,000 rows: the total correlation (TC) of q(z), the mean of their
q(z|x); without a prior, where these are points, it says nothing. Figures are means over seeds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks import record

_ADULT = {"label": "income", "sensitive": ("sex", "race", "age")}
#: Name -> folder (`None`: of scikit-learn), and how its owner would have it read.
TABLES: dict[str, tuple[str | None, dict[str, Any]]] = {
    "adult": ("data", _ADULT),
    "german": ("data", {"label": "credit_risk"}),
    "attrition": ("cases", {"label": "Attrition", "sensitive": ("Gender", "Age")}),
    "breast_cancer": (None, {"label": "target"}),
}
MODELS = ("ae", "beta", "beta:4", "beta-tc", "capacity", "dip", "denoising")
#: Rows that the total correlation is taken of.
_ROWS = 2000


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    rows = [
        _said(summary(name, model, list(fits(name, model, arguments))))
        for name in arguments.table or TABLES
        for model in arguments.model or MODELS
    ]
    print(record.table(rows))
    if not arguments.model:
        measured = {name: [row for row in rows if row["table"] == name] for name in arguments.table or TABLES}
        figures = record.figures_of("objectives") | measured
        record.write("objectives", figures, data="four tables, as named", seeds=range(arguments.seeds))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--cases", type=Path, default=record.DATA.parent / "cases")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--table", choices=TABLES, action="append")
    parser.add_argument("--with", dest="model", action="append")
    return parser.parse_args()


def fits(name: str, model: str, arguments: argparse.Namespace) -> Iterator[dict[str, float]]:
    """Fit a model to a table with each seed, and yield its figures."""
    from vaeaudit.config import FitConfig, ModelConfig, ReadConfig  # noqa: PLC0415
    from vaeaudit.data.encoding.table_encoding import fit_encoding  # noqa: PLC0415
    from vaeaudit.data.reading.load import load  # noqa: PLC0415
    from vaeaudit.models.fitting.build import resolve  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.fitting.training import split_held_out, train  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.table.inference import encode_rows  # noqa: PLC0415 - TensorFlow

    folder, read = TABLES[name]
    with tempfile.TemporaryDirectory() as made:
        path = _made(Path(made)) if folder is None else record.require(getattr(arguments, folder), f"tables/{name}.csv")
        dataset = load(path, ReadConfig(**read))
    words = ("objective", "beta", "capacity")
    given = dict(zip(words, map(_value, model.split(":")), strict=False))
    config = FitConfig(model=ModelConfig(**given))
    encoding = fit_encoding(dataset, max_levels=config.model.embed_levels)
    config, rows = resolve(config, encoding), encoding.encode(dataset.frame)
    for seed in range(arguments.seeds):
        held_out = split_held_out(len(dataset), config.train.held_out, seed)
        training = train(encoding, rows, held_out, config.model, config.train, seed=seed)
        codes = encode_rows(training.model, dataset.frame, held_out, n_samples=config.train.iwae_samples, seed=seed)
        yield {**figures_of(codes, seed), "seconds": training.seconds}


def _value(text: str) -> Any:
    return float(text) if text[0].isdigit() else text


def figures_of(codes: Any, seed: int) -> dict[str, float]:
    """Return what the codes of all rows say of a model."""
    import tensorflow as tf  # noqa: PLC0415

    from vaeaudit.models.objectives import kl_parts  # noqa: PLC0415

    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(codes))[:_ROWS]
    mean_of, stddev = codes.mean[chosen], codes.stddev[chosen]
    z = mean_of + stddev * generator.normal(size=mean_of.shape).astype(np.float32)
    parts = kl_parts(tf.constant(z), tf.constant(mean_of), tf.constant(stddev))
    held_out = codes.held_out
    return {
        "ELBO": float(codes.elbo[held_out].mean()),
        "IWAE": float(codes.iwae[held_out].mean()),
        "log-likelihood": float(codes.log_likelihood[held_out].mean()),
        "KL": float(codes.kl[held_out].sum(axis=1).mean()),
        "active": float(codes.active.sum()),
        "TC": float(tf.reduce_mean(parts.total_correlation)),
    }


def summary(name: str, model: str, fitted: list[dict[str, float]]) -> dict[str, Any]:
    """Return the means over seeds, by table and model."""
    return {
        "table": name,
        "objective": model,
        "seeds": len(fitted),
        **{key: mean(each[key] for each in fitted) for key in fitted[0]},
    }


def _made(folder: Path) -> Path:
    from sklearn.datasets import load_breast_cancer  # noqa: PLC0415

    path = folder / "breast_cancer.csv"
    load_breast_cancer(as_frame=True).frame.to_csv(path, index=False)
    return path


def _said(row: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps(row), flush=True)
    return row


if __name__ == "__main__":
    main()
