"""What to do about gaps: weights that change shares, rows to collect, and what either is expected to change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.latent_points import with_named_latents
from vaeaudit.analysis.coverage.regions import RegionSearch
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.judged import missing_regions, settled_regions
from vaeaudit.analysis.rebalancing.collection_plan import plan_collection
from vaeaudit.analysis.rebalancing.gaps import Gap, find_gaps, find_groups
from vaeaudit.analysis.rebalancing.label_weights import LabelGroups, label_groups
from vaeaudit.analysis.rebalancing.results import MethodResult, RebalanceResults
from vaeaudit.analysis.rebalancing.weight_effects import Question, floors_of, measure_method
from vaeaudit.analysis.representation.representation import assess_representation
from vaeaudit.config import AnalysisConfig, Weighting
from vaeaudit.data.population_shares import Population
from vaeaudit.errors import InputError, UsageError
from vaeaudit.wording import numbers, phrases


@dataclass(frozen=True)
class Rebalanced:
    """The results, and the weights: one row per row of the data, columns as in `weights.parquet`."""

    results: RebalanceResults
    weights: pd.DataFrame


def rebalance(
    inputs: AuditInputs,
    search: RegionSearch,
    config: AnalysisConfig,
    population: Population | None = None,
    *,
    method: Weighting = Weighting.TARGETS,
    close: Collection[str] = (),
    seed: int = 0,
) -> Rebalanced:
    """Weight the rows in every way there is, check each on rows it was not fitted to, and plan what to collect.

    Parameters
    ----------
    inputs
        The rows, their scores and their latents.
    search
        What `find_regions` gave for the same arguments.
    config
        What counts as short, and `weight_alpha` and `weight_cap`.
    population
        Shares that the sensitive groups ought to have.
    method
        Whose weights become the column `weight`.
    close
        Ids of regions of the search that are to be closed although they are only questions, beside those that readers
        judged to lack rows. Those judged to be no gap are left alone.
    seed
        Of the halves, the densities and the rows that the plan is checked with.

    Raises
    ------
    InputError
        Where there is no row at all.
    UsageError
        Where the search found no region of an id in `close`, or where the method needs a label that there is not.
    """
    n_rows = len(inputs.frame)
    if n_rows == 0:
        raise InputError("There is no row to weight.", hint="Look into quarantine.csv: it says why each was left out.")
    unknown = sorted(set(close) - {region.id for region in search.regions})
    if unknown:
        raise UsageError(
            f"--close {unknown[0]}: there is no such region.",
            hint=f"There are: {', '.join(region.id for region in search.regions) or 'none'}; see `vaeaudit report`.",
        )
    settled, missing = settled_regions(inputs.judgements), missing_regions(inputs.judgements)
    regions = [region for region in search.regions if region.id in close or region.id not in settled]
    close = [*close, *(region.id for region in regions if region.id in missing)]
    label = label_groups(inputs, population)
    if method in label.refused:
        raise UsageError(
            f"--method {method.value}: {label.refused[method]}.",
            hint="`fit` takes the label by --label, and the groups by --sensitive; the other methods need neither.",
        )
    inputs = _with_columns_of(search, inputs)
    table = assess_representation(inputs.frame, inputs.schema, config, population, inputs.rules)
    groups = find_groups(inputs, table.cells, population)
    gaps = find_gaps(inputs, groups, regions, config, population, close=close)
    check_level = 1 - (1 - config.confidence) / max(len(gaps), 1)
    floors = floors_of(gaps, groups, n_rows, config.min_ratio)
    asked = Question(inputs, gaps, groups, config, population, seed, floors, check_level, label)
    measured = {each: measure_method(each, asked) for each in Weighting if each not in label.refused}
    results = RebalanceResults(
        run=inputs.run,
        rows=n_rows,
        method=method,
        seed=seed,
        level=config.confidence,
        min_ratio=config.min_ratio,
        check_level=check_level,
        gaps=tuple(gap.summary for gap in gaps),
        methods=tuple(result for result, _ in measured.values()),
        plan=plan_collection(asked),
        notes=(*_notes(gaps, measured[method][0]), *_notes_on_label(label)),
        label=label.column or None,
    )
    columns = {f"weight_{each.value.replace('-', '_')}": weight for each, (_, weight) in measured.items()}
    row_ids = inputs.row_ids.astype(str).astype(object)
    return Rebalanced(results, pd.DataFrame({"row_id": row_ids, "weight": measured[method][1], **columns}))


def _with_columns_of(search: RegionSearch, inputs: AuditInputs) -> AuditInputs:
    """Add the latents as columns where a region's rule names them."""
    frame = with_named_latents(inputs.frame, search.regions, inputs.codes)
    other = inputs.reference
    if other is not None:
        other = replace(other, frame=with_named_latents(other.frame, search.regions, other.codes))
    return replace(inputs, frame=frame, reference=other)


def _notes(gaps: tuple[Gap, ...], chosen: MethodResult) -> tuple[str, ...]:
    said = []
    if not any(gap.is_fault for gap in gaps):
        said.append(
            "Nothing was found short against a reference, a population or an even spread: there is nothing to close, "
            "and the weights of the method targets are all 1."
        )
    elif np.isclose(chosen.largest, 1.0):
        said.append(
            f"The weights of {chosen.method.value} are all 1: no weighting within the cap changes these shares."
        )
    return tuple(said)


def _notes_on_label(label: LabelGroups) -> list[str]:
    """Say which methods were left out and why, what rows without a label weigh, and which groups were checked."""
    said = [
        f"No weights of {phrases.listed([method.value for method in methods])}: {why}."
        for why in dict.fromkeys(label.refused.values())
        if (methods := [method for method, other in label.refused.items() if other == why])
    ]
    if Weighting.CLASS_BALANCED not in label.refused and (bare := int((label.class_of < 0).sum())):
        said.append(f"{phrases.plural(bare, 'row')} without {label.column} weigh 1 where the weights are by label.")
    for method in (Weighting.CLASS_BALANCED, Weighting.REWEIGHING):
        if method not in label.refused:
            shares, checked = label.shares_of(method)
            if checked < shares:
                said.append(
                    f"Of the {numbers.count(shares)} shares of {label.column} that {method.value} evens, {checked} "
                    "were checked, those of the largest groups and classes."
                )
    return said
