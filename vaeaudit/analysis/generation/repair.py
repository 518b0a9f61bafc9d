"""Whether generated rows repair what is missing: held-out loss with them, without them, and with own rows for more.

A group that is short may be learned badly. Rows that a generator makes can be added for it; but its own rows can also
count for more, which makes nothing up: by weights, or repeated (trees that ask for so many rows of a leaf take these
for more rows, as they do generated ones, and weights not). Generated rows are worth offering only where what learns the
label with them does better, on rows that neither it nor the generator has seen, than with any of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from vaeaudit.analysis.generation.group_rows import Generator, GeneratorFor, drawn_columns
from vaeaudit.analysis.generation.tables import as_numbers
from vaeaudit.analysis.generation.utility import Examples, classes_of, said_of, tells
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.grouping.together import rows_together
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.rebalancing.results import GapSummary, Repair, RepairGain, RepairOutcome, RepairSource
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import FOLDS, raised_by_fits, stratified_folds
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording.phrases import plural

#: Times that the rows are divided, and generators and learners fitted anew.
REPEATS = 3
#: Gaps that are checked, those that ask for most rows: each takes three fits more per fold.
MOST_CHECKED = 3
#: Labelled rows of a group, and rows of it beside its most frequent class, below which nothing is worth a try: of 60
#: rows a gain of a fifth of the loss is still missed as often as found.
_FEWEST, _FEWEST_OTHERS = 60, 5
#: Part of the group's loss that a gain has to reach somewhere in its interval for the question to be open.
_WORTH = 0.05
#: Probability with which the gain that is called detectable would have been found.
_POWER = 0.8


def judge_repairs(
    inputs: AuditInputs, gaps: Sequence[GapSummary], config: AnalysisConfig, generator_for: GeneratorFor, seed: int
) -> tuple[Repair, ...]:
    """Say of each fault whether generated rows would repair it.

    Parameters
    ----------
    inputs
        The rows.
    gaps
        What is short; of questions nothing is said.
    config
        Gives the confidence at which all intervals of the gaps hold together, and the largest weight.
    generator_for
        Makes what makes rows by some rules; called only where something is checked.
    seed
        Of folds, rows and learners.
    """
    faults = [gap for gap in gaps if gap.question is None]
    if not faults:
        return ()
    rows = _Labelled.of(inputs)
    refused = {gap.id: _refused(gap, rows, inputs) for gap in faults}
    asked = sorted((gap for gap in faults if not refused[gap.id]), key=lambda gap: -gap.rows_to_collect)
    refused |= {gap.id: f"only the {MOST_CHECKED} that ask for most rows are checked" for gap in asked[MOST_CHECKED:]}
    asked = asked[:MOST_CHECKED]
    judged: dict[str, Repair] = {}
    if asked and rows is not None:
        generator = generator_for([gap.rule for gap in asked])
        losses = _losses(rows, asked, generator, config, seed)
        level = 1 - (1 - config.confidence) / len(asked)
        judged = {gap.id: _judged(gap, rows, losses, level, generator.source) for gap in asked}
    return tuple(judged.get(gap.id) or Repair(id=gap.id, outcome="not checked", why=refused[gap.id]) for gap in faults)


@dataclass(frozen=True)
class _Labelled:
    """The rows as a learner reads them.

    Attributes
    ----------
    inputs
        All N rows.
    names, label, classes
        Columns that the label is learned from, those of the model; the label, and its classes, None for a number.
    x, y, usable
        [N, T], [N], and [N], which rows have a label.
    together
        [N]; rows of one number lie on one side of every fold.
    """

    inputs: AuditInputs
    names: tuple[str, ...]
    label: str
    classes: FloatArray | None
    x: FloatArray
    y: FloatArray
    usable: BoolArray
    together: IntArray

    @classmethod
    def of(cls, inputs: AuditInputs) -> _Labelled | None:
        """Return None where there is no label that can be learned."""
        label = inputs.schema.label
        names = tuple(column.name for column in inputs.schema.modelled if column is not label)
        if label is None or not label.kind.can_be_modelled or not names:
            return None
        y = as_numbers(inputs.frame, [label.name])[:, 0]
        classes = classes_of(y, label)
        usable = tells(y, classes)
        if usable.sum() < 2 * _FEWEST or (classes is not None and len(classes) < 2):
            return None
        x, together = as_numbers(inputs.frame, names), rows_together(inputs)
        return cls(inputs, names, label.name, classes, x, y, usable, together)

    def members(self, gap: GapSummary) -> BoolArray:
        """Return which rows of a gap have a label [N]."""
        return apply_rule(gap.rule, self.inputs.frame) & self.usable

    def examples(self, rows: IntArray, more: pd.DataFrame | None = None, weight: FloatArray | None = None) -> Examples:
        """Return some rows, and more that were made, to learn from."""
        x, y = self.x[rows], self.y[rows]
        if more is not None:
            told = as_numbers(more, [self.label])[:, 0]
            kept = tells(told, self.classes)
            x, y = np.concatenate([x, as_numbers(more, self.names)[kept]]), np.concatenate([y, told[kept]])
        return Examples(x, y, weight)

    def loss(self, examples: Examples, rows: IntArray, seed: int) -> FloatArray:
        """Return Brier's score, of numbers the squared error, of some rows [M]."""
        said = said_of(self.x[rows], examples, self.classes, seed)
        wanted = self.y[rows][:, None]
        return np.asarray(np.square(said - (wanted if self.classes is None else wanted == self.classes)).sum(axis=1))


def _refused(gap: GapSummary, rows: _Labelled | None, inputs: AuditInputs) -> str:
    """Say why a gap cannot be checked; empty where it can."""
    if inputs.pictures is not None:
        return "of pictures no rows are made"
    if rows is None:
        return "there is no label that could be learned with them and without"
    named = {condition.column for condition in gap.rule}
    if rows.label in named:
        return f"its rule names {rows.label}, which is what is learned"
    if not named <= set(drawn_columns(inputs.schema)):
        return "its rule names what is in no column that rows are made of"
    own = rows.y[rows.members(gap)]
    others = own.size
    if rows.classes is not None and own.size:
        others -= int(np.unique(own, return_counts=True)[1].max())
    if own.size < _FEWEST or others < _FEWEST_OTHERS:
        beside = "" if rows.classes is None else f", {others} of them not of the most frequent class,"
        return f"{plural(own.size, 'row')} with a label{beside} would miss even a gain of a fifth"
    return ""


class _Losses(NamedTuple):
    """Loss [R, N] of each row in each repeat, NaN where it was not held out; all but the first by gap.

    The variance over rows is `raised` for learners that share most of their rows (Nadeau and Bengio 2003).
    """

    nothing: FloatArray
    weights: dict[str, FloatArray]
    repeated: dict[str, FloatArray]
    generated: dict[str, FloatArray]
    raised: float


def _losses(
    rows: _Labelled, gaps: Sequence[GapSummary], generator: Generator, config: AnalysisConfig, seed: int
) -> _Losses:
    """Fit all arms of all folds; those of a fold share its rows and the seed of the learner."""
    members = {gap.id: rows.members(gap) for gap in gaps}
    nothing = np.full((REPEATS, len(rows.y)), np.nan)
    weights, repeated, generated = ({gap.id: nothing.copy() for gap in gaps} for _ in range(3))
    rng, raised = np.random.default_rng(seed), raised_by_fits(FOLDS)
    for repeat in range(REPEATS):
        for learned, held_out in _divisions(rows, np.stack(list(members.values()), axis=1), generator, rng):
            train, test = learned[rows.usable[learned]], held_out[rows.usable[held_out]]
            raised = raised if generator.split is None else 1 + len(test) / len(train)
            draw, own_seed = generator.learn(learned, rng), int(rng.integers(2**31))
            nothing[repeat, test] = rows.loss(rows.examples(train), test, own_seed)
            for gap in gaps:
                inside = members[gap.id][train]
                own = rng.permutation(train[inside])
                n = min(max(round(gap.rows_to_collect * len(learned) / len(rows.y)), 1), len(train))
                most = min(n, int((config.weight_cap - 1) * own.size))
                weight = np.where(inside, 1 + most / max(own.size, 1), 1.0)
                arms = (
                    (weights, rows.examples(train, weight=weight)),
                    (repeated, rows.examples(np.concatenate([train, np.resize(own, most)]))),
                    (generated, rows.examples(train, draw(gap.rule, n, rng))),
                )
                for losses, examples in arms:
                    losses[gap.id][repeat, test] = rows.loss(examples, test, own_seed)
    return _Losses(nothing, weights, repeated, generated, raised)


def _divisions(
    rows: _Labelled, members: BoolArray, generator: Generator, rng: np.random.Generator
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield what is learned from and what is held out: the folds of one repeat, or what the generator was fitted to."""
    if generator.split is not None:
        yield generator.split
        return
    folds = stratified_folds(np.column_stack([members, ~members.any(axis=1)]), rng, rows.together)
    for fold in range(FOLDS):
        yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)


def _judged(gap: GapSummary, rows: _Labelled, losses: _Losses, level: float, source: RepairSource) -> Repair:
    """Draw the conclusion: helps only where both whole intervals say so, and all rows together are not worse off."""
    held_out = np.asarray(~np.isnan(losses.nothing).any(axis=0))
    inside = np.asarray(rows.members(gap) & held_out)
    without, made = losses.nothing, losses.generated[gap.id]
    # The better of the two on these very rows: a choice in its favour, against what is generated.
    own = min((losses.weights[gap.id], losses.repeated[gap.id]), key=lambda each: float(each[:, inside].mean()))

    def gain(of: FloatArray, chosen: BoolArray) -> RepairGain:
        return _gain((of - made)[:, chosen], rows.together[chosen], losses.raised, level)

    over_nothing, over_weighting = gain(without, inside), gain(own, inside)
    of_all = gain(without, held_out)
    loss = float(without[:, inside].mean())
    lows, highs = zip(*(each.ci.bounds for each in (over_nothing, over_weighting)), strict=True)
    outcome: RepairOutcome = "does not repair"
    if min(lows) > 0 and (of_all.ci.high or 0.0) >= 0:
        outcome = "helps"
    elif min(highs) > _WORTH * loss:
        outcome = "inconclusive"
    return Repair(
        id=gap.id,
        outcome=outcome,
        why="",
        source=source,
        label=rows.label,
        held_out=int(inside.sum()),
        added=gap.rows_to_collect,
        level=level,
        loss=loss,
        over_nothing=over_nothing,
        over_weighting=over_weighting,
        of_all=of_all,
    )


def _gain(less: FloatArray, together: IntArray, raised: float, level: float) -> RepairGain:
    """Return the mean of what each row's loss is less by [R, M], with an interval over rows and over refits.

    Rows that belong together count as one; the variance over rows is raised for learners that share theirs, that of
    refits is between the repeats, and the degrees of freedom are Satterthwaite's (1946).
    """
    of_row = less.mean(axis=0)
    value = float(of_row.mean())
    _, place = np.unique(together, return_inverse=True)
    influence = np.bincount(place, weights=of_row - value) / of_row.size
    clusters = max(len(influence), 2)
    of_rows = raised * float(np.square(influence).sum()) * clusters / (clusters - 1)
    of_refits = float(less.mean(axis=1).var(ddof=1)) / len(less)
    variance = of_rows + of_refits
    if variance == 0:
        return RepairGain(value, Interval(value, value, level), 0.0)
    freedom = variance**2 / (of_rows**2 / (clusters - 1) + of_refits**2 / (len(less) - 1))
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * variance**0.5
    detectable = half + float(stats.norm.ppf(_POWER)) * variance**0.5
    return RepairGain(value, Interval(value - half, value + half, level), detectable)
