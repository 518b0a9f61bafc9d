"""Rows of a run's model that meet what was asked: drawn, completed by the rules of the table, kept or drawn again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.latent_draws import posterior_draws, prior_draws

if TYPE_CHECKING:
    from vaeaudit.workflow.trained.base import Sample, Sampler, Trained

#: Rows of a table (True), or pictures, drawn at a time, fewest and most.
_BATCH = {True: (2_000, 20_000), False: (64, 512)}
#: Rows drawn before it is given up: so many, and so many for each that is wanted.
_BUDGET, _PER_ROW = {True: 200_000, False: 5_000}, 20


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
    kept: list[Sample] = field(default_factory=list)
    reserve: list[Sample] = field(default_factory=list)

    @property
    def n_kept(self) -> int:
        return sum(len(part.frame) for part in self.kept)


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
        self.sample: Sampler = trained.sampler(frame.iloc[self.learned].reset_index(drop=True))
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

    def draw(self, wish: Wish, level: float, *, like: int | None = None) -> Made:
        """Draw until as many rows as are wished for meet all that is asked, or too many were drawn.

        First from all rows, or the prior; where too few meet what is asked, from the posteriors of rows that meet it.
        Rows that break a rule are drawn again, and taken only where there are not enough others.

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
        plain = (tally.drawn, tally.met)  # what is searched for does not count towards the share
        searched = bool(tally.n_kept < wish.rows and like is None and meets is not None and meets.any())
        if searched:
            self._fill(replace(wish, source=LatentSource.POSTERIOR), self.learned[meets], (), tally, rng)
        return self._made(wish, tally, plain, searched, meets, level, tuple(notes))

    def _fill(self, wish: Wish, rows: IntArray, unmet: Rule, tally: _Tally, rng: np.random.Generator) -> None:
        """Draw around rows until enough are kept, or the budget of this call is spent."""
        least, most = _BATCH[self.is_table]
        left = _BUDGET[self.is_table] + _PER_ROW * wish.rows
        while left > 0 and tally.n_kept < wish.rows:
            size = int(np.clip(2 * (wish.rows - tally.n_kept), least, min(most, max(left, least))))
            self._take(wish, self._batch(wish, rows, unmet, size, rng), tally)
            left -= size

    def _batch(self, wish: Wish, rows: IntArray, unmet: Rule, n: int, rng: np.random.Generator) -> Sample:
        """Draw rows as they come."""
        mean, stddev = self.codes.mean[rows], self.codes.stddev[rows]
        if wish.source is LatentSource.POSTERIOR or wish.like is not None:
            z, place = posterior_draws(n, mean, stddev, wish.box, rng)
        else:
            z, place = prior_draws(n, self.codes.n_latents, wish.box, rng), rng.integers(len(rows), size=n)
        given = self.frame[list(self.given)].iloc[rows[place]].reset_index(drop=True)
        for condition in unmet:
            given[condition.column] = _set(given[condition.column], condition, self.frame[condition.column], rng)
        condition = self.trained.condition_of(given) if self.given else None
        made = self.sample(z, condition, rng)
        return replace(made, frame=pd.concat([made.frame, given], axis=1))

    def _take(self, wish: Wish, made: Sample, tally: _Tally) -> None:
        """Fill in what follows, and keep what meets all."""
        frame = made.frame
        for held in self.rules:
            if set(held.rule.columns) <= {*self.own, *self.given}:
                broken = int(held.breaks(frame).sum())
                tally.of_rule[held.rule.id] = tally.of_rule.get(held.rule.id, 0) + broken
            frame = frame if held.mend is None else held.mend(frame)
        met = apply_rule(wish.conditions, frame)
        broken = self._broken(frame) & met
        tally.drawn, tally.met = tally.drawn + len(frame), tally.met + int(met.sum())
        tally.broke += int(broken.sum())
        for chosen, target in ((met & ~broken, tally.kept), (broken, tally.reserve)):
            rows = np.flatnonzero(chosen)[: wish.rows]
            if rows.size and sum(len(part.frame) for part in target) < wish.rows:
                pictures = None if made.pictures is None else made.pictures[rows]
                target.append(replace(made, frame=frame.iloc[rows], pictures=pictures))

    def _broken(self, frame: pd.DataFrame) -> BoolArray:
        broken = np.zeros(len(frame), bool)
        for held in self.rules:
            broken |= held.breaks(frame)
        return broken

    def _made(
        self,
        wish: Wish,
        tally: _Tally,
        plain: tuple[int, int],
        searched: bool,
        meets: BoolArray | None,
        level: float,
        notes: tuple[str, ...],
    ) -> Made:
        parts = [*tally.kept, *tally.reserve]
        frame = pd.concat([part.frame for part in parts], ignore_index=True) if parts else self.frame.iloc[:0]
        frame = frame[list(self.names)].iloc[: wish.rows]
        pictures = [part.pictures for part in parts if part.pictures is not None]
        shown = np.concatenate(pictures)[: wish.rows] if pictures else None
        given = self.trained.condition_of(frame) if self.given and len(frame) else None
        drawing = Drawing(
            drawn=plain[0],
            met=plain[1],
            met_share=plain[1] / max(plain[0], 1),
            ci=share_interval(plain[1], plain[0], level),
            broke_rules=tally.broke,
            written=len(frame),
            searched=searched,
            rows_that_meet_it=None if meets is None else int(meets.sum()),
        )
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
        latents = None if shown is None else self.trained.posterior_means(shown, given)
        return Made(frame, shown, latents, drawing, rules, notes)


def _set(cells: pd.Series, condition: Condition, known: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Return cells that meet a condition, one of those of the table where it has any."""
    fitting = known[satisfies(condition, known)]
    if len(fitting):
        return pd.Series(fitting.iloc[rng.integers(len(fitting), size=len(cells))].array, index=cells.index)
    if condition.op == "missing":
        return pd.Series(pd.array([None] * len(cells), dtype=cells.dtype), index=cells.index)
    if condition.op == "in":
        return pd.Series(pd.Categorical([condition.value[0]] * len(cells), categories=cells.cat.categories))
    low, high = (None if bound is None else pd.Series([bound]).astype(cells.dtype).iloc[0] for bound in condition.value)
    return pd.Series([high if low is None else low] * len(cells), index=cells.index, dtype=cells.dtype)
