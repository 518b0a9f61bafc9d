"""What the model knows about each row, and what refits of it found: the objects that `models` hands to `analysis`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from vaeaudit.outputs.record import Array, BoolArray, FloatArray, IntArray, Record
from vaeaudit.outputs.row_scores import OF_PICTURES, OF_TABLES, OF_VECTORS, Question

#: A latent is active when its mean KL and the variance of its posterior means both exceed this (METHODS: Burda 2016).
ACTIVE_THRESHOLD = 0.01
#: A question speaks for a row that it puts among this share of all.
SPEAKS = 0.01


def active_latents(kl: FloatArray, mean: FloatArray) -> BoolArray:
    """Return which latents [L] carry information about x, by the KL and the posterior means [N, L] of rows."""
    return np.asarray((kl.mean(axis=0) > ACTIVE_THRESHOLD) & (mean.var(axis=0) > ACTIVE_THRESHOLD))


@dataclass(frozen=True)
class LatentCodes(Record):
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
        [N, K]; the K columns (as positions among the modelled columns) whose cells tell most against the row, the most
        telling first, and how many nats more surprising, given the other cells, each is than a typical cell of its
        column.
    reason_p
        [N, K]; probability that a cell that belongs surprises as much.
    held_out
        [N] bool; rows that took no part in training.
    columns
        Names of the modelled columns, in model order; none for pictures, which then have K = 0 reasons.
    image_statistics
        Pictures: [N, K + 2], K log energies and two measures of complexity (see `vaeaudit.scoring.image_score`); None
        for tables.
    surprises
        [N, Q]; -log of the share of rows that are as surprising, by question (`questions`); None before they are asked.
    """

    mean: Annotated[FloatArray, Array("N L")]
    stddev: Annotated[FloatArray, Array("N L", least=0)]
    kl: Annotated[FloatArray, Array("N L")]
    log_likelihood: Annotated[FloatArray, Array("N")]
    iwae: Annotated[FloatArray, Array("N")]
    unit_correction: Annotated[FloatArray, Array("N")]
    reason_column: Annotated[IntArray, Array("N K", "whole numbers")]
    reason_nats: Annotated[FloatArray, Array("N K")]
    reason_p: Annotated[FloatArray, Array("N K", least=0, most=1)]
    held_out: Annotated[BoolArray, Array("N", "true or false")]
    columns: Annotated[tuple[str, ...], Array("C", "text")]
    image_statistics: Annotated[FloatArray, Array("N S")] | None = None
    surprises: Annotated[FloatArray, Array("N Q", least=0)] | None = None

    def __len__(self) -> int:
        return int(self.mean.shape[0])

    @property
    def n_latents(self) -> int:
        """L, active or not."""
        return int(self.mean.shape[1])

    @property
    def questions(self) -> tuple[Question, ...]:
        """Q; what was asked of the rows."""
        if self.surprises is None:
            return ()
        if self.image_statistics is not None:
            return OF_PICTURES
        return OF_VECTORS if self.surprises.shape[1] == len(OF_VECTORS) else OF_TABLES

    def speaking(self, row: int) -> tuple[Question, ...]:
        """Return the questions that put a row, by its position, among the `SPEAKS` highest."""
        if self.surprises is None:
            return ()
        loud = self.surprises[row] >= -np.log(SPEAKS)
        return tuple(question for question, speaks in zip(self.questions, loud, strict=True) if speaks)

    @property
    def active(self) -> BoolArray:
        """[L]; which latents carry information about x."""
        return active_latents(self.kl, self.mean)

    @property
    def elbo(self) -> FloatArray:
        """[N]; E_q[log p(x|z)] - KL(q(z|x) || p(z)) in nats, with beta = 1 whatever the objective was."""
        return np.asarray(self.log_likelihood - self.kl.sum(axis=1))


@dataclass(frozen=True)
class CellExpectations(Record):
    """What the model expects in M cells of a table, given the *other* cells of their rows.

    Attributes
    ----------
    row, column
        [M]; positions of the rows, and positions among the modelled columns.
    nats
        [M]; as `LatentCodes.reason_nats`.
    low, high
        [M]; numbers and dates: the central 90 % of p(cell | other cells), a number, or seconds since
        1970 (UTC) for a date-time. NaN for levelled columns.
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

    row: Annotated[IntArray, Array("M", "whole numbers", least=0)]
    column: Annotated[IntArray, Array("M", "whole numbers", least=0)]
    nats: Annotated[FloatArray, Array("M")]
    low: Annotated[FloatArray, Array("M", finite=False)]
    high: Annotated[FloatArray, Array("M", finite=False)]
    levels: Annotated[IntArray, Array("M K", "whole numbers", least=-1)]
    covered: Annotated[FloatArray, Array("M", finite=False)]
    p_missing: Annotated[FloatArray, Array("M", finite=False)]
    partner: Annotated[IntArray, Array("M", "whole numbers", least=-1)]
    partner_nats: Annotated[FloatArray, Array("M", finite=False)]
    p_value: Annotated[FloatArray, Array("M", least=0, most=1)]

    def __len__(self) -> int:
        return int(self.row.shape[0])


@dataclass(frozen=True)
class LatentSpace(Record):
    """How the decoder fills the space between and around the rows; distances are Euclidean, between rows as features.

    *Reconstructions* are E[x|z] at one posterior sample of a row, *decoded prior samples* E[x|z] at z ~ N(0, I).

    Attributes
    ----------
    step_lengths
        [M, T]; distance from each to the next of T + 1 decodings at equal steps on the straight line between the
        posterior means of a row and one of its neighbours.
    far_step_lengths, far_distance
        [W, T] and [W]; the same between two rows drawn at random, and how far apart their two decodings are.
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

    step_lengths: Annotated[FloatArray, Array("M T", least=0)]
    far_step_lengths: Annotated[FloatArray, Array("W T", least=0)]
    far_distance: Annotated[FloatArray, Array("W", least=0)]
    prior_distance: Annotated[FloatArray, Array("P", least=0)]
    held_out_distance: Annotated[FloatArray, Array("H", least=0)]
    prior_gap: Annotated[FloatArray, Array("H", least=0)]
    held_out_gap: Annotated[FloatArray, Array("H", least=0)]
    error: Annotated[FloatArray, Array("H", least=0)]
    spread: Annotated[FloatArray, Array("H", least=0)]
    n_compared: Annotated[int, Array("", "whole numbers", least=0)]
    n_neighbours: Annotated[int, Array("", "whole numbers", least=0)]
    n_reference: Annotated[int, Array("", "whole numbers", least=0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step_lengths.shape[1] < 2:
            raise ValueError(f"step_lengths must be [M, T] with T >= 2, found {self.step_lengths.shape}")
        if not self.prior_distance.size or not self.held_out_distance.size:
            raise ValueError("prior_distance and held_out_distance must not be empty")


@dataclass(frozen=True)
class Members(Record):
    """The same rows under K models from other seeds.

    Attributes
    ----------
    mean
        [K, N, L] float32; posterior means of all rows under each of K refits. A refit's latents have an order and
        signs of their own.
    """

    mean: Annotated[FloatArray, Array("K N L")]
