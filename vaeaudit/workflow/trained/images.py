"""A trained model of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.coverage.latent_points import points_of_regions
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.images.image_summary import region_rows, rows_to_picture
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.latent_map import thumbnail_rows
from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.encoding.image_encoding import ImageEncoding, ImageRows, fit_image_encoding
from vaeaudit.data.images.measured_columns import computed_columns, measures_of
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.data.schema.columns import Schema
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.models.condition_swaps import Expected
from vaeaudit.models.fitting.training import Training
from vaeaudit.models.image.inference import (
    decode_pictures,
    encode_images,
    encode_pixels,
    expected_measures,
    fit_image_scales,
    make_pictures,
)
from vaeaudit.models.image.vae import ImageVAE
from vaeaudit.models.inference import TRAVERSAL
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import FloatArray, PixelArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.runs.artifacts import Traversals
from vaeaudit.scoring.image_score import PictureScore
from vaeaudit.scoring.state import ImageScoring
from vaeaudit.workflow.trained.base import OnRows, Prepared, Sample, Sampler, Shown, Trained, fit_densities


@dataclass(frozen=True)
class TrainedImages(Trained[ImageRows, ImageScoring]):
    """See `Trained`."""

    model: ImageVAE

    @classmethod
    def encode(cls, dataset: Dataset, config: FitConfig) -> tuple[ImageEncoding, ImageRows]:
        images = pictures_of(dataset)
        encoding = fit_image_encoding(images, dataset.frame, dataset.schema)
        return encoding, encoding.encode(images, dataset.frame)

    @classmethod
    def learn(
        cls, training: Training, dataset: Dataset, prepared: Prepared[ImageRows], on_rows: OnRows
    ) -> tuple[Self, LatentCodes, Training]:
        model, rows, config = training.model, prepared.rows, prepared.config
        seed = config.seed
        patches = fit_image_scales(model, rows, seed=seed)
        n_samples = config.train.iwae_samples
        codes = encode_images(model, rows, prepared.held_out, patches, n_samples=n_samples, seed=seed, on_rows=on_rows)
        densities, measured = fit_densities(codes, config, "pixels"), measured_on(dataset.frame, dataset.schema)
        score = PictureScore.of(measured, codes, seed=seed)
        codes = replace(codes, surprises=score.surprises(measured, codes))
        return cls(model, dataset.schema, config, ImageScoring(patches, score, densities)), codes, training

    def codes(self, other: OtherData, on_rows: OnRows) -> LatentCodes:
        rows = self.model.encoding.encode(pictures_of(other.dataset), other.as_met)
        held_out, train = np.ones(len(rows), dtype=bool), self.config.train
        codes = encode_images(
            self.model,
            rows,
            held_out,
            self.scoring.patch,
            n_samples=train.iwae_samples,
            seed=self.config.seed,
            on_rows=on_rows,
        )
        measured = measured_on(other.as_met, self.schema)
        return replace(codes, surprises=self.scoring.score.surprises(measured, codes))

    def cells(self, frame: pd.DataFrame, codes: LatentCodes, scores: RowScores) -> None:
        return None

    def traversals(self) -> Traversals:
        return Traversals(np.zeros((self.model.config.latents, 0, 0)), TRAVERSAL)

    def expected(self, z: FloatArray, condition: FloatArray) -> Expected:
        return expected_measures(self.model, z, condition)

    @property
    def draw(self) -> Callable[[FloatArray, FloatArray], PixelArray]:
        return partial(decode_pictures, self.model)

    def sampler(self, frame: pd.DataFrame, z: FloatArray) -> Sampler:
        names = computed_columns(self.schema)

        def sample(z: FloatArray, condition: FloatArray | None, rng: np.random.Generator) -> Sample:
            pixels = decode_pictures(self.model, z, condition)
            measured = measures_of(pixels)
            return Sample(pd.DataFrame({name: measured[name] for name in measured if name in names}), pixels)

        return sample

    def posterior_means(self, pictures: PixelArray, condition: FloatArray | None) -> FloatArray:
        return encode_pixels(self.model, pictures, condition)

    def shown(self, rows: ImageRows, inputs: AuditInputs, regions: Sequence[Region]) -> Shown:
        seed, codes, scores = self.config.seed, inputs.codes, inputs.scores
        copies = np.zeros(0, np.int64) if inputs.pairs is None else inputs.pairs.shown_rows()
        further = np.concatenate([copies, region_rows(inputs, regions)])
        pictures = make_pictures(
            self.model,
            rows,
            self.scoring.patch,
            kept=rows_to_picture(scores, codes, further=further, seed=seed),
            thumbnails=thumbnail_rows(codes, seed),
            regions=self._points(inputs, regions),
            seed=seed,
        )
        return Shown(pictures=pictures)

    def decoded_in(self, inputs: AuditInputs, regions: Sequence[Region]) -> AuditInputs:
        if inputs.pictures is None or not regions:
            return inputs
        points = self._points(inputs, regions)
        pictures = replace(
            inputs.pictures,
            region_rules=np.array(list(points), np.str_),
            regions=np.stack([decode_pictures(self.model, *where) for where in points.values()]),
        )
        return replace(inputs, pictures=pictures)

    def _points(
        self, inputs: AuditInputs, regions: Sequence[Region]
    ) -> dict[str, tuple[FloatArray, FloatArray | None]]:
        """Return, by key of a region, points in it, and what the model is given beside them."""
        points = points_of_regions(inputs, regions, seed=self.config.seed)
        return {key: (z, self.given_to(inputs, row)) for key, (z, row) in points.items()}


def measured_on(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.float64]:
    """Return the columns [N, V] of rows that were computed from their pictures; see `measured_columns`."""
    computed = computed_columns(schema)
    names = [column.name for column in schema if column.name in computed]
    return np.column_stack([np.zeros((len(frame), 0)), *(cell_numbers(frame[name]) for name in names)])


def pictures_of(dataset: Dataset) -> ImageStore:
    """Return the pictures of a dataset; raises TypeError where it has none."""
    if dataset.images is None:
        raise TypeError("expected pictures, found a table")
    return dataset.images
