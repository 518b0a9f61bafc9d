"""Combinations of columns with fewer rows than there would be if the columns were independent."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from vaeaudit.analysis.missing.baselines import BaselineSearch
from vaeaudit.analysis.missing.latent_columns import computed_columns, uncrossed
from vaeaudit.analysis.missing.region_axes import Axis, search_axes
from vaeaudit.analysis.missing.region_blocks import (
    TRIPLE_COLUMNS,
    defining_pairs,
    pair_blocks,
    pair_tables,
    triple_blocks,
)
from vaeaudit.analysis.missing.region_search import Shortfall, find_shortfalls, prune
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema import Schema

#: Regions over latents alone, or columns computed from pictures alone, that are listed: that these depend on one
#: another is what clusters look like, and more of them would only say so again.
MOST_OF_LATENTS = 6
_PAIRS_NAMED = 10


def against_independence(
    frame: pd.DataFrame,
    schema: Schema,
    config: AnalysisConfig,
    *,
    latents: frozenset[str] = frozenset(),
    baselines: int = 1,
) -> BaselineSearch:
    """Compare cells of two and three columns with what the columns, or their pairs, lead one to expect.

    *Cells.* Pairs of columns in all ranges of ten bins and in single levels; triples in all ranges of four. Latents are
    crossed with latents and with sensitive columns, columns computed from pictures likewise (`uncrossed`). Pairs that
    nearly determine one another are left out.

    *Test.* A pair: given the rows of the rarer condition, those that meet the other too are binomial; exact lower tail.
    *Expected* is the product of the two counts over all rows. A triple: Poisson, against the least of seven
    expectations that its pairs alone allow (`triple_expectation`), so that it is news beside them. *Ratio.* Observed
    over expected, with the interval of Clopper and Pearson (1934) or, of triples, of Garwood (1936).

    *Multiplicity.* Benjamini and Hochberg (1995) over all cells, times the number of baselines; intervals at the level
    that keeps the false-coverage rate (Benjamini and Yekutieli 2005). A union of levels of one column that are short
    one by one has the largest of their p-values.

    *Ranking.* Gaps before signs of dependence (`gap_share`), and of either the most nearly empty first
    (`region_search.strength`). Two regions share at most half of the rows that are expected in the smaller one.

    Parameters
    ----------
    frame, schema
        [N, C]; typed rows, outliers set aside, and their columns.
    config
        Gives `fdr`, `confidence`, `min_ratio` and `max_regions`.
    latents
        Which columns are latents; regions over latents alone come last, behind those over columns computed from
        pictures.
    baselines
        How many baselines share the false-discovery rate.
    """
    axes, notes = search_axes(frame, schema)
    tables = pair_tables(axes)
    determined = defining_pairs(tables)
    never = uncrossed(schema, tuple(axis.column for axis in axes), latents)
    skipped = determined | never
    blocks = [*pair_blocks(axes, tables, skipped), *triple_blocks(axes, skipped)]
    found, tested = find_shortfalls(blocks, axes, config, baselines=baselines)
    unnamed = latents | computed_columns(schema)
    known = [entry for entry in found if not _lies_in(entry, axes, unnamed)]
    unknown = [entry for entry in found if _lies_in(entry, axes, unnamed)]
    unknown.sort(key=lambda entry: _lies_in(entry, axes, latents))
    kept = prune(known, axes, tables, config.max_regions) + prune(unknown, axes, tables, MOST_OF_LATENTS)
    said = list(notes)
    if len(axes) > TRIPLE_COLUMNS:
        said.append(f"Three columns at a time were searched among {TRIPLE_COLUMNS} of {len(axes)} columns.")
    if len(unknown) > MOST_OF_LATENTS:
        of = "latents" if unnamed == latents else "latents, or of columns computed from the pictures,"
        said.append(f"Of the combinations of {of} alone, the {MOST_OF_LATENTS} most nearly empty ones are listed.")
    said.extend(_not_searched(axes, determined - never))
    return BaselineSearch("independence", tuple(entry.shortage for entry in kept), tested, tuple(said))


def _lies_in(entry: Shortfall, axes: Sequence[Axis], columns: frozenset[str]) -> bool:
    return columns.issuperset(axes[axis].column for axis in entry.axes)


def _not_searched(axes: Sequence[Axis], determined: set[tuple[int, int]]) -> list[str]:
    if not determined:
        return []
    named = [f"{axes[i].column} and {axes[j].column}" for i, j in sorted(determined)]
    more = f" and {len(named) - _PAIRS_NAMED} more pairs" if len(named) > _PAIRS_NAMED else ""
    return [
        "Not searched for regions, because one column nearly determines the other: "
        f"{'; '.join(named[:_PAIRS_NAMED])}{more}."
    ]
