"""How the data differs from the reference dataset, over all rows; its regions stand in their own section."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.coverage.results import Comparison, Difference
from vaeaudit.report.parts.blocks import Answer, Block, Paragraph, Section
from vaeaudit.report.parts.tables import Bar, Cell, Column, Table, table
from vaeaudit.wording import numbers, phrases

_TITLE = "Against the reference"
_DISTANCES = (
    "Distances run from 0 to 1: of levels, the share of the rows that would have to change (total variation); of "
    "ordered values, the largest difference between the shares of rows up to a value (Kolmogorov and Smirnov)."
)


def comparison(results: AuditResults) -> Section:
    """Build the section."""
    found = results.comparison
    if found is None:
        said = "No reference was given. `vaeaudit report --reference DATA` compares with another dataset."
        return Section("comparison", _TITLE, "", (Answer(said),))
    blocks: list[Block] = []
    if found.auc is not None:
        blocks.append(Paragraph(_auc(found)))
    blocks.append(Paragraph(_DISTANCES))
    if found.columns:
        blocks.append(_table("Columns, those that differ most first", "Column", found.columns, fold=False))
    if found.latents:
        blocks.append(_table("Latents, those that differ most first", "Latent", found.latents, fold=True))
    return Section("comparison", _TITLE, _lead(found), tuple(blocks))


def _lead(found: Comparison) -> str:
    reference = phrases.name(found.name)
    rows = f"{phrases.plural(found.n, 'row')} against {phrases.plural(found.n_reference, 'row')} of {reference}"
    differing = [entry for entry in found.columns if entry.significant]
    if not differing:
        return f"{rows}: no column is surely distributed differently."
    first = differing[0]
    return (
        f"{rows}: {phrases.plural(len(differing), 'column')} of {numbers.count(len(found.columns))} "
        f"{'is' if len(differing) == 1 else 'are'} surely distributed differently, {phrases.name(first.name)} most "
        f"({first.differs})."
    )


def _auc(found: Comparison) -> str:
    auc = found.auc
    assert auc is not None  # noqa: S101 - the caller has looked
    return (
        f"A classifier that sees all columns and latents tells rows of the one from rows of the other with an AUC of "
        f"{numbers.with_interval(auc.value, auc.ci, 'ratio')}; 0.5 is what a guess would reach."
    )


def _table(caption: str, first: str, entries: Sequence[Difference], *, fold: bool) -> Table:
    columns = [Column(first), Column("Distance", True), Column("Adjusted p", True), Column("Where most", wide=True)]
    return table(caption, columns, [_row(entry) for entry in entries], fold=fold)


def _row(entry: Difference) -> tuple[Cell, ...]:
    return (
        phrases.name(entry.name),
        Bar(numbers.ratio(entry.distance), 100 * entry.distance),
        numbers.p_value(entry.p_adjusted),
        entry.differs,
    )
