"""What classical detectors say of the same rows, so that a reader can see where the VAE differs."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.results.outliers import Agreement, Companion, DifferingRow
from vaeaudit.report import numbers, outlier_text, wording
from vaeaudit.report.blocks import Block, Group, Paragraph
from vaeaudit.report.tables import Cell, Column, Lines, Table, Track, table

#: Reasons shown of each row.
_REASONS = 3


def outlier_agreement(agreement: Agreement) -> Group:
    """Build the part of the section that compares detectors."""
    blocks: list[Block] = [
        Paragraph(outlier_text.agreement_sentence(agreement)),
        _detectors(agreement),
        Paragraph(outlier_text.shared_sentence(agreement)),
        Paragraph(outlier_text.only_model_sentence(agreement)),
    ]
    if agreement.only_model:
        blocks.append(_rows("On top by the VAE alone", agreement.only_model, agreement.n_only_model, agreement))
    blocks.append(Paragraph(outlier_text.only_companions_sentence(agreement)))
    if agreement.only_companions:
        rows = agreement.only_companions
        title = "On top by another detector alone"
        blocks.append(_rows(title, rows, agreement.n_only_companions, agreement, fold=True))
    return Group("outliers-agreement", "Beside two classical detectors", tuple(blocks))


def _detectors(agreement: Agreement) -> Table:
    columns = [
        Column("Detector"),
        Column("Rank correlation with the score, all rows"),
        Column(f"Also among its {numbers.count(agreement.n_top)} highest", True),
        Column("Share, with interval"),
    ]
    rows = [_detector(companion, agreement.n_top) for companion in agreement.companions]
    return table("How far other detectors agree", columns, rows)


def _detector(companion: Companion, n_top: int) -> tuple[Cell, ...]:
    correlation: Cell = "one of the two scores is the same for all rows"
    if companion.correlation is not None and companion.correlation_ci is not None:
        low = min(0.0, companion.correlation_ci.low or 0.0)
        correlation = Track(low, 1.0, "ratio").mark(companion.correlation, companion.correlation_ci)
    share = companion.shared / n_top
    return (
        companion.name,
        correlation,
        f"{numbers.count(companion.shared)} of {numbers.count(n_top)}",
        Track(0.0, 1.0, "percent").mark(share, companion.shared_ci),
    )


def _rows(caption: str, rows: Sequence[DifferingRow], total: int, agreement: Agreement, *, fold: bool = False) -> Table:
    if total > len(rows):
        caption = f"{caption}: the first {len(rows)} of {numbers.count(total)}"
    unexplained = "no single cell stands out" if agreement.basis == "columns" else "the picture as a whole"
    columns = [
        Column("Row"),
        Column("Rank by the VAE", True),
        *(Column(f"Rank by the {companion.name}", True) for companion in agreement.companions),
        Column("What the model finds", wide=True),
    ]
    return table(
        f"{caption}; ranks among {numbers.plural(agreement.n, 'row')}",
        columns,
        [_row(row, unexplained) for row in rows],
        fold=fold,
    )


def _row(row: DifferingRow, unexplained: str) -> tuple[Cell, ...]:
    lines = tuple(wording.reason(why) for why in row.reasons[:_REASONS])
    if row.aspect:
        lines = (wording.shorten(row.aspect, 240), *lines)
    return (
        wording.name(row.row_id),
        numbers.count(row.rank),
        *(numbers.count(rank) for rank in row.companion_ranks),
        Lines(lines) if lines else unexplained,
    )
