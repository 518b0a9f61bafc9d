"""How well a sensitive attribute can be told from the columns, or from the latents, that a model would see.

The predictor is a ridge regression of group membership on binned columns (one-hot) or on latents (bins, and products
of pairs): additive in the columns, solved in closed form, and so cheap that the permutation null is run as well. It
gives a lower bound: a more flexible model may find more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from sklearn.metrics import roc_auc_score

from vaeaudit.analysis.grouping.groups import (
    MISSING_LABEL,
    Grouping,
    bin_columns,
    column_features,
    group_column,
    sample_rows,
)
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import (
    FOLDS,
    Features,
    binned_auc,
    latent_features,
    macro_auc_interval,
    out_of_fold_means,
    out_of_fold_scores,
    stratified_folds,
)
from vaeaudit.statistics.measures import Interval, Share
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
    was reached when the attribute had been shuffled, so that there was nothing to predict.
    """

    attribute: str
    from_: ProxySource
    auc: Share
    ci: Interval
    by_column: Mapping[str, Share] = field(default_factory=dict)
    null_auc: Share | None = None


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
    columns = bin_columns(inputs.frame.iloc[rows], inputs.schema, told)
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
        proxies.extend(_proxies_of(attribute, others, means, config.confidence, rng))
        if column.in_model:
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
    attribute: Attribute, columns: Sequence[Grouping], means: FloatArray, confidence: float, rng: np.random.Generator
) -> list[Proxy]:
    found = []
    if columns:
        by_column = auc_by_column(attribute, columns, rng)
        features = column_features(columns, attribute.rows)
        found.append(measure_proxy(attribute, "columns", features, by_column, confidence=confidence, rng=rng))
    if means.shape[1] > 0:
        positions = latent_features(means[attribute.rows])
        found.append(measure_proxy(attribute, "latents", positions, {}, confidence=confidence, rng=rng))
    return found


def measure_proxy(
    attribute: Attribute,
    source: ProxySource,
    features: Features,
    by_column: dict[str, float],
    *,
    confidence: float,
    rng: np.random.Generator,
) -> Proxy:
    """Measure how well features [M, F] tell an attribute's groups apart, beside what shuffled groups would give."""
    member, together = attribute.member, attribute.together
    n_groups = member.shape[1]
    folds = stratified_folds(member, rng, together)
    shuffles = [_shuffled_within(member, folds, rng, together) for _ in range(SHUFFLES)]
    targets = np.concatenate([member, *shuffles], axis=1).astype(np.float64)
    scores = out_of_fold_scores(features, targets, folds)
    auc, interval = macro_auc_interval(scores[:, :n_groups], member, confidence, together)
    null = [
        float(roc_auc_score(shuffled, scores[:, start : start + n_groups]))
        for start, shuffled in zip(range(n_groups, targets.shape[1], n_groups), shuffles, strict=True)
    ]
    return Proxy(attribute.name, source, auc, interval, by_column, null_auc=max(null))


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


def auc_by_column(attribute: Attribute, columns: Sequence[Grouping], rng: np.random.Generator) -> dict[str, float]:
    """Macro out-of-fold AUC of each column alone, best first; the score is the group's share in the column's bin."""
    folds = stratified_folds(attribute.member, rng, attribute.together)
    areas = {column.column: _column_auc(attribute, column, folds) for column in columns}
    return dict(sorted(areas.items(), key=lambda item: (-item[1], item[0])))


def _column_auc(attribute: Attribute, column: Grouping, folds: IntArray) -> float:
    score, counts = out_of_fold_means(
        column.codes[attribute.rows], len(column), attribute.member.astype(np.float64), folds
    )
    outside = counts.sum(axis=2, keepdims=True) - counts
    areas = [
        binned_auc(score[:, :, group].ravel(), counts[:, :, group].ravel(), outside[:, :, group].ravel())
        for group in range(counts.shape[2])
    ]
    return float(np.mean(areas))
