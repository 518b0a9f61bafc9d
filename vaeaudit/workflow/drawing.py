"""Rows of a run's model that meet what was asked: drawn, completed by the rules of the table, kept or drawn again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vaeaudit.analysis.generation.results import Drawing, RuleKept
from vaeaudit.analysis.generation.rules import Held, held_rules
from vaeaudit.analysis.generation.wishes import Wish
from vaeaudit.analysis.grouping.rules import apply_rule, satisfies
from vaeaudit.config import LatentSource
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray, PixelArray
from vaeaudit.outputs.region_rules import Condition, Rule
from vaeaudit.outputs.table_rules import TableRules
from vaeaudit.scoring.rarity.families import fit_mixture
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.latent_draws import Mixture, posterior_draws, prior_draws

if TYPE_CHECKING:
    from vaeaudit.workflow.trained.base import Sample, Sampler, Trained

#: Rows of a table (True), or pictures, drawn at a time, fewest and most.
_BATCH = {True: (2_000, 20_000), False: (64, 512)}
#: Rows drawn before it is given up: so many, and so many for each that is wanted.
_BUDGET, _PER_ROW = {True: 200_000, False: 5_000}, 20
#: How often cells are drawn anew at a z where they break a rule.
_TRIES = 20
#: Rows that the mixture is fitted to, and that it is chosen on, at most.
_MOST_FITTED = 12_000


@dataclass(frozen=True)
class Made:
    """M rows that were drawn for a wish.

    Attributes
    ----------
    frame
        What the model made, what it was given, what follows; stored as in `Dataset.frame`.
    pictures, latents
        Of pictures: [M, H, W, channels], and the posterior means [M, L] that these have. None for a table.
    drawing, rules
        How they were come by.
    notes
        What a reader should know.
    """

    frame: pd.DataFrame
    pictures: PixelArray | None
    latents: FloatArray | None
    drawing: Drawing
    rules: tuple[RuleKept, ...]
    notes: tuple[str, ...] = ()


@dataclass
class _Tally:
    """What is counted while rows are drawn; rows that meet all, and such as break a rule, for want of better ones."""

    drawn: int = 0
    met: int = 0
    broke: int = 0
    of_rule: dict[str, int] = field(default_factory=dict)
    kept: list[_Batch] = field(default_factory=list)
    reserve: list[_Batch] = field(default_factory=list)

    @property
    def n_kept(self) -> int:
        return sum(len(part.frame) for part in self.kept)


@dataclass(frozen=True)
class _Batch:
    """Rows as they were drawn, and which of them break a rule all the same."""

    frame: pd.DataFrame
    pictures: PixelArray | None
    broken: BoolArray

    def add_to(self, batches: list[_Batch], chosen: BoolArray, most: int) -> None:
        """Add the chosen rows [A], while fewer than so many are there."""
        rows = np.flatnonzero(chosen)[: most - sum(len(part.frame) for part in batches)]
        if rows.size:
            pictures = None if self.pictures is None else self.pictures[rows]
            batches.append(_Batch(self.frame.iloc[rows], pictures, self.broken[rows]))


class Drawer:
    """Draws rows of one run.

    Parameters
    ----------
    trained
        The model.
    frame, codes
        All [N] rows of the run, and what the model knows about them.
    rules
        Of the table.
    """

    def __init__(self, trained: Trained[Any, Any], frame: pd.DataFrame, codes: LatentCodes, rules: TableRules) -> None:
        self.trained, self.frame, self.codes = trained, frame, codes
        self.schema: Schema = trained.schema
        learned = np.flatnonzero(~codes.held_out)
        self.learned: IntArray = learned if learned.size else np.arange(len(codes))
        rng = np.random.default_rng(trained.config.seed)
        usual = rng.permutation(self.learned)[:_MOST_FITTED]
        z = codes.mean[usual] + codes.stddev[usual] * rng.normal(size=(usual.size, codes.n_latents))
        self.sample: Sampler = trained.sampler(frame.iloc[usual].reset_index(drop=True), z)
        self.given = tuple(column.name for column in self.schema.given)
        trial = self.sample(
            np.zeros((1, codes.n_latents)), trained.condition_of(frame.iloc[:1]), np.random.default_rng(0)
        )
        self.is_table = trial.pictures is None
        self.own = tuple(name for name in self.schema.names if name in trial.frame)
        known = {*self.own, *self.given}
        self.rules: tuple[Held, ...] = held_rules(rules, frame, known) if self.is_table else ()
        self.follows = tuple(name for name in self.schema.names if name in known - {*self.own, *self.given})

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that rows have, in the order of the schema."""
        return tuple(name for name in self.schema.names if name in {*self.own, *self.given, *self.follows})

    @cached_property
    def mixture(self) -> Mixture:
        """Fitted to a z from the posterior of each row that was learned from; held-out rows choose its size."""
        codes, rng = self.codes, np.random.default_rng(self.trained.config.seed)
        z = codes.mean + codes.stddev * rng.normal(size=codes.mean.shape)
        learned, kept = rng.permutation(self.learned)[:_MOST_FITTED], np.flatnonzero(codes.held_out)[:_MOST_FITTED]
        fitted = fit_mixture(z[learned], z[kept if kept.size else learned], seed=self.trained.config.seed)
        spread = np.linalg.inv(fitted.precision_cholesky @ fitted.precision_cholesky.transpose(0, 2, 1))
        return Mixture(np.exp(fitted.log_weights), fitted.means, spread)

    def draw(self, wish: Wish, level: float, *, like: int | None = None) -> Made:
        """Draw until as many rows as are wished for meet all that is asked, or too many were drawn.

        First from all rows, or the prior; where too few meet what is asked, from the posteriors of rows that meet it.
        Rows that break a rule however often they are drawn are taken only where there are not enough others.

        Parameters
        ----------
        wish, level
            What is asked; confidence of the interval of the share that met it.
        like
            Position of the row whose posterior z is drawn from.
        """
        rng, tally, notes = np.random.default_rng(wish.seed), _Tally(), []
        learned = self.frame.iloc[self.learned]
        meets = apply_rule(wish.conditions, learned) if wish.conditions else None
        of_given = tuple(condition for condition in wish.conditions if condition.column in self.given)
        start = self.learned if like is None else np.array([like])
        fitting = start[apply_rule(of_given, self.frame.iloc[start])]
        unmet = of_given if not fitting.size else ()
        if unmet:
            notes.append("No row that z may be drawn from meets what the model is given: the given cells are set.")
        self._fill(wish, fitting if fitting.size else start, unmet, tally, rng)
        searched = bool(tally.n_kept < wish.rows and like is None and meets is not None and meets.any())
        drawing = Drawing(
            drawn=tally.drawn,  # what is searched for does not count towards the share
            met=tally.met,
            met_share=tally.met / max(tally.drawn, 1),
            ci=share_interval(tally.met, tally.drawn, level),
            broke_rules=tally.broke / max(tally.drawn, 1),
            written=0,
            searched=searched,
            rows_that_meet_it=None if meets is None else int(meets.sum()),
        )
        if searched:
            self._fill(replace(wish, source=LatentSource.POSTERIOR), self.learned[meets], (), tally, rng)
        return self._made(wish, tally, drawing, tuple(notes))

    def _fill(self, wish: Wish, rows: IntArray, unmet: Rule, tally: _Tally, rng: np.random.Generator) -> None:
        """Draw around rows until enough are kept, or the budget of this call is spent."""
        least, most = _BATCH[self.is_table]
        left = _BUDGET[self.is_table] + _PER_ROW * wish.rows
        while left > 0 and tally.n_kept < wish.rows:
            size = int(np.clip(2 * (wish.rows - tally.n_kept), least, min(most, max(left, least))))
            batch = self._batch(wish, rows, unmet, size, tally, rng)
            met = apply_rule(wish.conditions, batch.frame)
            tally.drawn, tally.met = tally.drawn + size, tally.met + int(met.sum())
            batch.add_to(tally.kept, met & ~batch.broken, wish.rows)
            batch.add_to(tally.reserve, met & batch.broken, wish.rows)
            left -= size

    def _batch(  # noqa: PLR0917 - where z comes from, and how many
        self, wish: Wish, rows: IntArray, unmet: Rule, n: int, tally: _Tally, rng: np.random.Generator
    ) -> _Batch:
        """Draw rows as they come."""
        place: IntArray = rng.integers(len(rows), size=n)
        if wish.source is LatentSource.POSTERIOR or wish.like is not None:
            z, place = posterior_draws(n, self.codes.mean[rows], self.codes.stddev[rows], wish.box, rng)
        elif wish.source is LatentSource.MIXTURE:
            z = self.mixture.draw(n, wish.box, rng)
        else:
            z = prior_draws(n, self.codes.n_latents, wish.box, rng)
        given = self.frame[list(self.given)].iloc[rows[place]].reset_index(drop=True)
        for condition in unmet:
            given[condition.column] = _set(given[condition.column], condition, self.frame[condition.column], rng)
        return self._keeping_rules(z, given, tally, rng)

    def _keeping_rules(self, z: FloatArray, given: pd.DataFrame, tally: _Tally, rng: np.random.Generator) -> _Batch:
        """Draw x ~ p(x|z), fill in what follows, and draw x anew where it breaks a rule; z stays, for it is no fault.

        To draw rows that break a rule from another z, too, would leave out kinds of rows of which it is often broken.
        """
        made = self._at(z, given, rng)
        for held in self.rules:
            if set(held.rule.columns) <= {*self.own, *self.given}:
                tally.of_rule[held.rule.id] = tally.of_rule.get(held.rule.id, 0) + int(held.breaks(made.frame).sum())
        frame = self._filled_in(made.frame)
        broken = self._broken(frame)
        tally.broke += int(broken.sum())
        for _ in range(_TRIES if broken.any() else 0):
            rows = np.flatnonzero(broken)
            again = self._filled_in(self._at(z[rows], given.iloc[rows].reset_index(drop=True), rng).frame)
            frame = pd.concat([frame[~broken], again.set_axis(rows)]).sort_index()
            broken[rows] = self._broken(again)
            if not broken.any():
                break
        return _Batch(frame, made.pictures, broken)

    def _at(self, z: FloatArray, given: pd.DataFrame, rng: np.random.Generator) -> Sample:
        made = self.sample(z, self.trained.condition_of(given) if self.given else None, rng)
        return replace(made, frame=pd.concat([made.frame, given], axis=1))

    def _filled_in(self, frame: pd.DataFrame) -> pd.DataFrame:
        for held in self.rules:
            frame = frame if held.mend is None else held.mend(frame)
        return frame

    def _broken(self, frame: pd.DataFrame) -> BoolArray:
        broken = np.zeros(len(frame), bool)
        for held in self.rules:
            broken |= held.breaks(frame)
        return broken

    def _made(self, wish: Wish, tally: _Tally, drawing: Drawing, notes: tuple[str, ...]) -> Made:
        parts = [*tally.kept, *tally.reserve]
        frame = pd.concat([part.frame for part in parts], ignore_index=True) if parts else self.frame.iloc[:0]
        frame = frame[list(self.names)].iloc[: wish.rows]
        pictures = [part.pictures for part in parts if part.pictures is not None]
        shown = np.concatenate(pictures)[: wish.rows] if pictures else None
        rules = tuple(
            RuleKept(
                id=held.rule.id,
                statement=held.rule.statement,
                filled_in=held.mend is not None,
                drawn_broke=tally.of_rule.get(held.rule.id, 0),
                of=tally.drawn,
                written_broke=int(held.breaks(frame).sum()),
            )
            for held in self.rules
        )
        given = self.trained.condition_of(frame) if self.given and len(frame) else None
        latents = None if shown is None else self.trained.posterior_means(shown, given)
        return Made(frame, shown, latents, replace(drawing, written=len(frame)), rules, notes)


def _set(cells: pd.Series, condition: Condition, known: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Return cells that meet a condition, one of those of the table where it has any."""
    fitting = known[satisfies(condition, known)]
    if len(fitting):
        return pd.Series(fitting.iloc[rng.integers(len(fitting), size=len(cells))].array, index=cells.index)
    value: Any = None
    if condition.op == "in":
        value = condition.value[0]
    elif condition.op == "between":
        low, high = condition.value
        value = high if low is None else low
    return pd.Series([value] * len(cells), index=cells.index, dtype=cells.dtype)
