"""How well a sensitive attribute can be told from the columns, or from the latents, that a model would see.

The predictor is a ridge regression of group membership on columns (curves and levels) or on latents (bins, and products
of pairs), so cheap that the permutation null is run with it as well; of columns its ranks are averaged with those of
gradient boosting, which sees what only several columns together tell. All columns are never said to tell less than one.
It gives a lower bound: another model may find more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.groups import (
    MISSING_LABEL,
    Grouping,
    bin_columns,
    group_column,
    sample_rows,
    smooth_features,
)
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.leakage.alone import Alone, areas_alone, judged
from vaeaudit.analysis.leakage.leaks import SAME_CORRELATION, graded, size_of_rank_correlation
from vaeaudit.analysis.leakage.predictors import boosted_scores
from vaeaudit.analysis.leakage.target import Target
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import (
    FOLDS,
    Features,
    areas,
    latent_features,
    macro_auc_interval,
    out_of_fold_scores,
    ranks_within,
    stratified_folds,
)
from vaeaudit.statistics.measures import Interval, Share, united
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

ProxySource = Literal["columns", "latents"]
#: Rows used at most: the interval is then about 0.02 wide, and more rows would only cost time.
MOST_ROWS = 10_000
#: Groups of an attribute at most, the largest ones.
MOST_GROUPS = 20
#: Shuffles of the attribute; the highest AUC among them is what an attribute without proxy may reach (p < 0.05).
SHUFFLES = 20
#: A proxy is a finding when its interval lies above 0.6, and grave from 0.7 and 0.9 on: Hosmer and Lemeshow (2000,
#: chapter 5) call 0.7 acceptable and 0.9 outstanding for a predictor; here being predictable is the fault.
PROXY_AUC, CLEAR_PROXY_AUC, OPEN_PROXY_AUC = 0.6, 0.7, 0.9


@dataclass(frozen=True)
class Proxy:
    """How well something else predicts a sensitive attribute, out of fold.

    `from_`, in JSON `from`, is "columns" (all modelled columns together) or "latents"; `auc` is the macro
    one-against-rest area under the ROC curve; `by_column` the same for each column alone; `null_auc` the highest that
    was reached, by all columns or by one, when the attribute had been shuffled, so that there was nothing to predict.
    Columns that are the `same` attribute in other words took no part.
    """

    attribute: str
    from_: ProxySource
    auc: Share
    ci: Interval
    by_column: Mapping[str, Share] = field(default_factory=dict)
    null_auc: Share | None = None
    same: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attribute:
    """A sensitive attribute as it is judged.

    Attributes
    ----------
    name
        Of the column.
    member
        [M, G]; membership of the M rows that belong to a group large enough to judge.
    rows
        [M]; their positions among the rows that were drawn.
    together
        [M]; rows of one number are copies or of one group, and lie in one fold; None where all stand alone.
    """

    name: str
    member: BoolArray
    rows: IntArray
    together: IntArray | None = None


@dataclass(frozen=True)
class ProxySearch:
    """Two proxies per attribute, from columns and from latents, and what a reader should know about them."""

    proxies: tuple[Proxy, ...]
    notes: tuple[str, ...]


def find_proxies(
    inputs: AuditInputs, config: AnalysisConfig, seed: int, together: IntArray | None = None
) -> ProxySearch:
    """Measure, for each sensitive attribute, how well columns and latents give it away.

    Columns are those of the model, and of pictures those that were computed from them.

    Numbers are grouped as everywhere in the audit. Rows without a value, and groups of fewer than
    `config.smallest_group` rows, are set aside and named in the notes. Rows of one number in `together` [N] are never
    on both sides of a fold: a copy would give its twin away.
    """
    if not inputs.schema.sensitive:
        return ProxySearch((), ())
    rng = np.random.default_rng(seed)
    rows = sample_rows(len(inputs.frame), len(inputs.schema), rng, most_rows=MOST_ROWS)
    notes = []
    if len(rows) < len(inputs.frame):
        notes.append(
            f"Proxies were measured on {numbers.count(len(rows))} of the {plural(len(inputs.frame), 'row')}, drawn at "
            "random."
        )
    told = (*inputs.codes.columns, *computed_columns(inputs.schema))
    drawn = inputs.frame.iloc[rows]
    columns = bin_columns(drawn, inputs.schema, told)
    means = inputs.codes.mean[rows][:, inputs.codes.active].astype(np.float64)
    proxies: list[Proxy] = []
    for column in inputs.schema.sensitive:
        grouping = group_column(inputs.frame[column.name], column)
        attribute, said = judge_attribute(column.name, grouping.labels, grouping.codes[rows], config.smallest_group)
        notes.extend(said)
        if attribute is None:
            continue
        if together is not None:
            attribute = replace(attribute, together=together[rows][attribute.rows])
        same = {column.name, *inputs.rules.copies_of(column.name)}
        others = [other for other in columns if other.column not in same]
        found = _proxies_of(attribute, drawn, others, means, confidence=config.confidence, rng=rng)
        proxies.extend(found)
        notes.extend(
            f"{listed(proxy.same)} {'is' if len(proxy.same) == 1 else 'are'} {column.name} in other words, and took no "
            "part in its proxies; leave out all of them, or none."
            for proxy in found
            if proxy.same
        )
        if column.given:
            notes.append(f"{column.name} was given to the model beside its latents, so that they need not tell it.")
        elif column.in_model:
            notes.append(f"{column.name} was an input of the model, so that its latents know it at first hand.")
    return ProxySearch(tuple(proxies), tuple(notes))


def judge_attribute(
    name: str, labels: Sequence[str], codes: IntArray, smallest_group: int
) -> tuple[Attribute | None, tuple[str, ...]]:
    """Keep the rows of groups that are worth judging, and say what was set aside.

    Parameters
    ----------
    name, labels, codes
        Of the attribute, of its groups, and the group [M] of each row.
    smallest_group
        Fewest rows of a group that is judged; of more than `MOST_GROUPS` such groups the largest are.

    Returns
    -------
    tuple[Attribute | None, tuple[str, ...]]
        None where fewer than two groups are left; and the notes.
    """
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    known = np.array([label != MISSING_LABEL for label in labels], dtype=bool)
    enough = np.flatnonzero((counts >= max(smallest_group, FOLDS)) & known)
    groups = np.sort(enough[np.argsort(-counts[enough], kind="stable")[:MOST_GROUPS]])
    aside = [label for place, label in enumerate(labels) if counts[place] > 0 and place not in groups]
    notes = []
    if aside:
        notes.append(
            f"Proxies of {name}: set aside {listed(aside)} (no value, fewer than {smallest_group} of the rows that "
            f"were used, or not among the {MOST_GROUPS} largest groups)."
        )
    if groups.size < 2:
        notes.append(f"Proxies of {name} were not measured: fewer than two groups are large enough.")
        return None, tuple(notes)
    kept = np.flatnonzero(np.isin(codes, groups))
    return Attribute(name, codes[kept][:, None] == groups[None, :], kept), tuple(notes)


def _proxies_of(
    attribute: Attribute,
    frame: pd.DataFrame,
    columns: Sequence[Grouping],
    means: FloatArray,
    *,
    confidence: float,
    rng: np.random.Generator,
) -> list[Proxy]:
    """Measure both proxies; `frame` holds the drawn rows, which the columns group and the means [M, A] describe."""
    target = _as_target(attribute, rng)
    alone = sorted((judged(column, target) for column in columns), key=lambda each: (-each.score, each.grouping.column))
    same = tuple(each for each in alone if _is_the_attribute(each, target, frame))
    others = [each for each in alone if each not in same]
    if not others:  # nothing else could be a proxy
        others, same = alone, ()
    found = []
    if others:
        boosted = boosted_scores(frame, others, target, seed=int(rng.integers(2**31)))
        features = smooth_features([each.grouping for each in others], attribute.rows)
        proxy = _measured(
            attribute, target, "columns", features, confidence=confidence, rng=rng, alone=others, boosted=boosted
        )
        found.append(replace(proxy, same=tuple(each.grouping.column for each in same)))
    if means.shape[1] > 0:
        positions = latent_features(means[attribute.rows])
        found.append(_measured(attribute, target, "latents", positions, confidence=confidence, rng=rng))
    return found


def _as_target(attribute: Attribute, rng: np.random.Generator) -> Target:
    folds = stratified_folds(attribute.member, rng, attribute.together).astype(np.int64)
    groups = tuple(str(group) for group in range(attribute.member.shape[1]))
    return Target(attribute.name, attribute.rows, attribute.member.astype(np.float64), groups, folds)


def _is_the_attribute(alone: Alone, target: Target, frame: pd.DataFrame) -> bool:
    """Whether a column is the attribute in other words: of the same order, or with levels that are its groups."""
    in_order = size_of_rank_correlation(frame[alone.grouping.column], frame[target.name]) >= SAME_CORRELATION
    return in_order or graded(alone, target)[1] == "same"


def _measured(
    attribute: Attribute,
    target: Target,
    source: ProxySource,
    features: Features,
    *,
    confidence: float,
    rng: np.random.Generator,
    alone: Sequence[Alone] = (),
    boosted: FloatArray | None = None,
) -> Proxy:
    """Measure how well an attribute's groups are told apart, beside what is told of shuffled groups.

    Parameters
    ----------
    attribute, target
        What is told, and the same with its folds.
    source, confidence
        From what; of the interval.
    features, boosted
        [M, F] for a ridge regression, and what boosting says out of fold, [M, G]: their ranks are averaged.
    rng
        Shuffles.
    alone
        What each column says by itself, the best first. Where that one tells more than all, so do all, and the interval
        holds both.
    """
    member, folds, together = attribute.member, target.folds, attribute.together
    n_groups = member.shape[1]
    told_apart = 1 if n_groups == 2 else n_groups  # of two groups the one is told exactly as well as the other
    shuffles = [_shuffled_within(member, folds, rng, together)[:, :told_apart] for _ in range(SHUFFLES)]
    shuffled = np.concatenate(shuffles, axis=1).astype(np.float64)
    targets = np.concatenate([member, shuffled], axis=1)
    scores = ranks_within(out_of_fold_scores(features, targets, folds), folds)
    whole = scores[:, :n_groups] + (0 if boosted is None else ranks_within(boosted, folds))
    auc, interval = macro_auc_interval(whole, member, confidence, together, fits=FOLDS)
    if alone and alone[0].score > auc:
        best = macro_auc_interval(alone[0].said, member, confidence, together, fits=FOLDS)[1]
        auc, interval = alone[0].score, united(interval, best)
    null = [areas(scores[:, n_groups:], shuffled)]
    null += [areas_alone(each.grouping, replace(target, values=shuffled))[0] for each in alone]
    by_chance = np.stack(null).reshape(len(null), SHUFFLES, told_apart).mean(axis=2).max()
    by_column = {each.grouping.column: each.score for each in alone}
    return Proxy(attribute.name, source, auc, interval, by_column, null_auc=float(by_chance))


def _shuffled_within(
    member: BoolArray, folds: IntArray, rng: np.random.Generator, together: IntArray | None
) -> BoolArray:
    """Shuffle the rows within each fold, so that every fold keeps its share of each group; those together as one."""
    components = np.arange(len(member)) if together is None else together
    _, heads, place = np.unique(components, return_index=True, return_inverse=True)
    shuffled = heads.copy()
    for fold in np.unique(folds):
        inside = np.flatnonzero(folds[heads] == fold)
        shuffled[inside] = heads[rng.permutation(inside)]
    return np.asarray(member[shuffled[place]])
