"""What the model knows about each row: the object that `models` hands to `analysis`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

#: A latent is active when its mean KL and the variance of its posterior means both exceed this (METHODS: Burda 2016).
ACTIVE_THRESHOLD = 0.01


@dataclass(frozen=True)
class LatentCodes:
    """Posterior, likelihood and per-column surprise of N rows under a trained model.

    Attributes
    ----------
    mean, stddev
        [N, L]; q(z|x) = N(mean, diag(stddev^2)).
    kl
        [N, L]; KL(q(z_l|x) || p(z_l)) in nats.
    log_likelihood
        [N]; E_q[log p(x|z)] in nats, summed over columns, in the encoded units of the columns.
    iwae
        [N]; importance-weighted lower bound on log p(x) in nats (Burda 2016), same units.
    unit_correction
        [N]; nats to add to either of them to obtain the density in the user's own units.
    reason_column, reason_nats
        [N, K]; the K columns (as positions among the modelled columns) that carry most surprise, and how many
        nats more surprising the cell is than a typical cell of its column; falling along K.
    reason_expected
        [N, K]; what the model expected in that cell: a number, seconds since 1970 (UTC) for a date-time, the
        position in `Column.levels` for a levelled column; NaN where the surprise is about missingness.
    held_out
        [N] bool; rows that took no part in training.
    columns
        Names of the modelled columns, in model order; none for pictures, which then have K = 0 reasons.
    image_statistics
        Pictures: [N, K + 2], what their outlier score is made of: K log energies and two measures of complexity (see
        `vaeaudit.analysis.outliers.image_scoring`); None for tables.
    isolation_nats
        Tables: [N]; how isolated the row's posterior standard deviations are among those of all rows, under an ensemble
        of small models that never saw it: -log of the share of belonging rows that are as isolated (see
        `vaeaudit.isolating`). None for pictures.
    rarity_nats
        Tables: [N]; -log of the shares that the row's levels, and the presence or absence of its cells, have in their
        columns, summed: what a row is improbable by for belonging to small groups alone. None for pictures.
    """

    mean: FloatArray
    stddev: FloatArray
    kl: FloatArray
    log_likelihood: FloatArray
    iwae: FloatArray
    unit_correction: FloatArray
    reason_column: IntArray
    reason_nats: FloatArray
    reason_expected: FloatArray
    held_out: npt.NDArray[np.bool_]
    columns: tuple[str, ...]
    image_statistics: FloatArray | None = None
    isolation_nats: FloatArray | None = None
    rarity_nats: FloatArray | None = None

    def __post_init__(self) -> None:
        n_rows, n_latents = self.mean.shape
        n_reasons = self.reason_nats.shape[-1]
        expected = {
            "stddev": (n_rows, n_latents),
            "kl": (n_rows, n_latents),
            "log_likelihood": (n_rows,),
            "iwae": (n_rows,),
            "unit_correction": (n_rows,),
            "reason_column": (n_rows, n_reasons),
            "reason_nats": (n_rows, n_reasons),
            "reason_expected": (n_rows, n_reasons),
            "held_out": (n_rows,),
        }
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"{name} must have shape {shape} (N, L = {n_rows}, {n_latents}), found {found}")
        for name in ("image_statistics", "isolation_nats", "rarity_nats"):
            values = getattr(self, name)
            if values is not None and len(values) != n_rows:
                raise ValueError(f"{name} must have {n_rows} rows, found {len(values)}")

    def __len__(self) -> int:
        return int(self.mean.shape[0])

    @property
    def n_latents(self) -> int:
        """L, active or not."""
        return int(self.mean.shape[1])

    @property
    def active(self) -> npt.NDArray[np.bool_]:
        """[L]; which latents carry information about x."""
        informative = self.kl.mean(axis=0) > ACTIVE_THRESHOLD
        varying = self.mean.var(axis=0) > ACTIVE_THRESHOLD
        return np.asarray(informative & varying)

    @property
    def elbo(self) -> FloatArray:
        """[N]; E_q[log p(x|z)] - KL(q(z|x) || p(z)) in nats, with beta = 1 whatever the objective was."""
        return np.asarray(self.log_likelihood - self.kl.sum(axis=1))

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays, as `latents.npz` holds them."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        arrays = {name: np.asarray(value) for name, value in values.items() if value is not None}
        return {**arrays, "columns": np.array(self.columns, dtype=np.str_)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild the codes from `to_arrays`."""
        values: dict[str, Any] = dict(arrays)
        values["columns"] = tuple(str(name) for name in arrays["columns"])
        return cls(**values)


@dataclass(frozen=True)
class CellExpectations:
    """What the model expects in M cells of a table, given the *other* cells of their rows.

    Attributes
    ----------
    row, column
        [M]; positions of the rows, and positions among the modelled columns.
    nats
        [M]; -log p(cell | other cells of the row), less `typical` of its column as in `LatentCodes.reason_nats`.
    low, high
        [M]; numbers and dates: the central 90 % of p(cell | other cells), in the units of
        `LatentCodes.reason_expected`. NaN for levelled columns.
    levels
        [M, 3]; levelled columns: the most probable positions in `Column.levels` that together reach 90 %, as many as
        there is room for; -1 where there is none, and for levels that share a code.
    covered
        [M]; probability of that range or of these levels, for a cell that is not missing.
    p_missing
        [M]; probability that the cell is missing, given the others.
    partner, partner_nats
        [M]; the other column without whose cell this one would surprise least, and `nats` without it; -1 and NaN where
        none was sought.
    p_value
        [M]; probability that a cell that belongs surprises as much; 1 where it was not among those tested.
    """

    row: IntArray
    column: IntArray
    nats: FloatArray
    low: FloatArray
    high: FloatArray
    levels: IntArray
    covered: FloatArray
    p_missing: FloatArray
    partner: IntArray
    partner_nats: FloatArray
    p_value: FloatArray

    def __post_init__(self) -> None:
        for entry in fields(self):
            shape = (len(self.row), *self.levels.shape[1:]) if entry.name == "levels" else self.row.shape
            found = getattr(self, entry.name).shape
            if found != shape:
                raise ValueError(f"{entry.name} must have shape {shape}, found {found}")

    def __len__(self) -> int:
        return int(self.row.shape[0])

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays, as `cells.npz` holds them."""
        return {entry.name: np.asarray(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild from `to_arrays`."""
        return cls(**arrays)


@dataclass(frozen=True)
class CellNull:
    """How much cells of rows that the model itself draws surprise: the null distribution of `CellExpectations.nats`.

    Attributes
    ----------
    threshold
        [C]; a cell is looked at where its `LatentCodes.reason_nats` reach this.
    column, nats
        [K]; the drawn cells that were looked at for this: position of their column, and `CellExpectations.nats`.
    n_rows
        How many rows were drawn.
    """

    threshold: FloatArray
    column: IntArray
    nats: FloatArray
    n_rows: int

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays, as `model/scoring.npz` holds them among others."""
        return {f"cell_null_{entry.name}": np.asarray(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self | None:
        """Rebuild from arrays that hold those of `to_arrays`; None for a run of an earlier version, which has none."""
        if "cell_null_n_rows" not in arrays:
            return None
        values: dict[str, Any] = {entry.name: arrays[f"cell_null_{entry.name}"] for entry in fields(cls)}
        return cls(**{**values, "n_rows": int(values["n_rows"])})


@dataclass(frozen=True)
class LatentSpace:
    """How the decoder fills the space between and around the rows; distances are Euclidean, between rows as features.

    *Reconstructions* are E[x|z] at one posterior sample of a row, *decoded prior samples* E[x|z] at z ~ N(0, I).

    Attributes
    ----------
    step_lengths
        [M, T]; distance from each to the next of T + 1 decodings at equal steps on the straight line between the
        posterior means of a row and one of its neighbours.
    prior_distance
        [P]; distance of each decoded prior sample to the nearest reference row.
    held_out_distance
        [H]; distance of the reconstruction of each held-out row to the nearest reference row, never that row itself.
    prior_gap, held_out_gap
        [H]; distance of each of these reconstructions to the nearest decoded prior sample, and to the K-th nearest
        of as many reconstructions of reference rows.
    error, spread
        [H]; squared distance of each held-out row to its reconstruction at the posterior mean, and to the mean of
        the reference rows.
    n_compared, n_neighbours
        How many decoded prior samples, and how many reconstructions, the gaps were sought among; K.
    n_reference
        Reference rows that the distances were sought among.
    """

    step_lengths: FloatArray
    prior_distance: FloatArray
    held_out_distance: FloatArray
    prior_gap: FloatArray
    held_out_gap: FloatArray
    error: FloatArray
    spread: FloatArray
    n_compared: int
    n_neighbours: int
    n_reference: int

    def __post_init__(self) -> None:
        if self.step_lengths.ndim != 2 or self.step_lengths.shape[1] < 2:
            raise ValueError(f"step_lengths must be [M, T] with T >= 2, found {self.step_lengths.shape}")
        if not self.prior_distance.size or not self.held_out_distance.size:
            raise ValueError("prior_distance and held_out_distance must not be empty")
        n_held_out = self.held_out_distance.shape
        for name in ("prior_gap", "held_out_gap", "error", "spread"):
            found = getattr(self, name).shape
            if found != n_held_out:
                raise ValueError(f"{name} must have shape {n_held_out} like held_out_distance, found {found}")
        for name, value in self.to_arrays().items():
            if not np.all(np.isfinite(value)) or np.any(value < 0):
                raise ValueError(f"{name} must hold finite numbers of at least 0")

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays, as `latent_space.npz` holds them."""
        return {entry.name: np.asarray(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild from `to_arrays`."""
        values: dict[str, Any] = dict(arrays)
        counts = ("n_compared", "n_neighbours", "n_reference")
        return cls(**{**values, **{name: int(arrays[name]) for name in counts}})
