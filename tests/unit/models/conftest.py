"""One small trained model that several tests look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from vaeaudit.config import ModelConfig, TrainConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding, fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.fitting.training import Training, split_held_out, train
from vaeaudit.models.table.inference import encode_rows
from vaeaudit.outputs.latents import LatentCodes

N = 1500


def correlated_columns(n_rows: int, seed: int) -> dict[str, tuple[Any, Kind]]:
    """Two latent causes behind seven columns of different kinds, some cells missing."""
    generator = np.random.default_rng(seed)
    first, second = generator.normal(size=(2, n_rows))
    noise = generator.normal(size=(4, n_rows))
    pay = np.exp(8 + 0.5 * first + 0.1 * noise[1])
    pay[generator.random(n_rows) < 0.1] = np.nan
    return {
        "height": (170 + 9 * first + 2 * noise[0], Kind.REAL),
        "pay": (pay, Kind.POSITIVE),
        "score": (50 + 10 * second + 3 * noise[2], Kind.REAL),
        "visits": (np.floor(np.exp(2 + 0.8 * second + 0.2 * noise[3])), Kind.COUNT),
        "flag": (np.where(first + 0.4 * noise[2] > 0, "yes", "no"), Kind.BOOLEAN),
        "grade": (np.array(list("abcd"))[np.digitize(second, [-1, 0, 1])], Kind.ORDINAL),
        "region": (np.array(["north", "south", "west"])[np.digitize(first - second, [-1, 1])], Kind.CATEGORY),
    }


MODEL = ModelConfig(latents=4, hidden=(16,))
TRAIN = TrainConfig(
    epochs=6, warmup_epochs=2, patience=6, fewest_steps=60, most_steps=60, batch_size=32, learning_rate=0.01
)


@dataclass(frozen=True)
class Learned:
    """A dataset, how it is encoded, and what training made of it."""

    dataset: Dataset
    encoding: Encoding
    rows: EncodedRows
    held_out: np.ndarray
    training: Training
    codes: LatentCodes
    config: TrainConfig = TRAIN

    def train_again(
        self, *, seed: int = 0, model: ModelConfig = MODEL, config: TrainConfig = TRAIN, **more: Any
    ) -> Any:
        return train(self.encoding, self.rows, self.held_out, model, config, seed=seed, **more)

    def codes_of(self, training: Training, *, seed: int = 0, n_samples: int = 8) -> LatentCodes:
        return encode_rows(training.model, self.dataset.frame, self.held_out, n_samples=n_samples, seed=seed)


@pytest.fixture(scope="session")
def learned(dataset_of: Callable[..., Dataset]) -> Learned:
    dataset = dataset_of(correlated_columns(N, seed=0))
    encoding = fit_encoding(dataset, max_levels=255)
    rows = encoding.encode(dataset.frame)
    held_out = split_held_out(N, 0.1, seed=0)
    training = train(encoding, rows, held_out, MODEL, TRAIN, seed=0)
    codes = encode_rows(training.model, dataset.frame, held_out, n_samples=8, seed=0)
    return Learned(dataset, encoding, rows, held_out, training, codes)
