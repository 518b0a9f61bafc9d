"""What each of the questions says that the outlier score is made of."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.outliers.results import Agreement, Companion, DifferingRow, OutlierRow
from vaeaudit.outputs.row_scores import Question
from vaeaudit.report.parts.blocks import Block, Group, Paragraph
from vaeaudit.report.parts.tables import Cell, Lines, Table, Track, numeric, plain, table, wide
from vaeaudit.wording import numbers, phrases

#: Reasons shown of each row.
_REASONS = 3
#: What each question asks, after its name.
MEANING: dict[Question, str] = {
    "isolation": "how few random cuts separate the row from the others (200 trees; Liu et al. 2008)",
    "robust distance": "how far it lies from the bulk, in the bulk's own covariance (Rousseeuw and Van Driessen 1999)",
    "distance to neighbours": "how far the nearest of 32 random rows lies on average (Pang et al. 2015)",
    "all cells": "how improbable its cells are, each given the others, all together",
    "one cell": "the cell that surprises most, beside the other cells of its column",
    "length": "whether it is far longer or shorter than most",
    "isolation of measures": (
        "how few random cuts separate the picture from the others by its light, colour, sharpness, place and texture, "
        "and by how well the model reproduces it (200 trees; Liu et al. 2008)"
    ),
    "robust distance of measures": (
        "how far it lies from the bulk by the same measures, in the bulk's own covariance (Rousseeuw and Van Driessen "
        "1999)"
    ),
    "isolation in the latents": "the same cuts among the latents",
    "robust distance in the latents": "the same distance among the latents",
    "worst patches": "how far its worst patches exceed what is usual for pictures of its complexity",
}


def outlier_agreement(agreement: Agreement) -> Group:
    """Build the part of the section that shows what each question says."""
    blocks: list[Block] = [
        Paragraph(agreement_sentence(agreement)),
        _detectors(agreement),
        Paragraph(shared_sentence(agreement)),
        Paragraph(only_model_sentence(agreement)),
    ]
    if agreement.only_model:
        blocks.append(_rows("On top by no single question", agreement.only_model, agreement.n_only_model, agreement))
    blocks.append(Paragraph(only_companions_sentence(agreement)))
    if agreement.only_companions:
        rows = agreement.only_companions
        found = "On top by a question, not by the score"
        blocks.append(_rows(found, rows, agreement.n_only_companions, agreement, fold=True))
    return Group("outliers-agreement", "What each question says", tuple(blocks))


def _detectors(agreement: Agreement) -> Table:
    columns = (
        plain("Question", "Rank correlation with the score, all rows")
        + numeric(f"Also among its {numbers.count(agreement.n_top)} highest")
        + plain("Share, with interval")
    )
    rows = [_detector(companion, agreement.n_top) for companion in agreement.companions]
    return table("How far each question agrees with the score", columns, rows)


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
        Track(0.0, 1.0, "share").mark(share, companion.shared_ci),
    )


def _rows(caption: str, rows: Sequence[DifferingRow], total: int, agreement: Agreement, *, fold: bool = False) -> Table:
    if total > len(rows):
        caption = f"{caption}: the first {len(rows)} of {numbers.count(total)}"
    columns = (
        plain("Row")
        + numeric("Rank by the score", *(f"Rank by the {companion.name}" for companion in agreement.companions))
        + wide("What the model finds")
    )
    caption = f"{caption}; ranks among {phrases.plural(agreement.n, 'row')}"
    return table(caption, columns, [_row(row) for row in rows], fold=fold)


def _row(row: DifferingRow) -> tuple[Cell, ...]:
    return (
        phrases.name(row.row_id),
        numbers.count(row.rank),
        *(numbers.count(rank) for rank in row.companion_ranks),
        what_is_atypical(row, most=_REASONS),
    )


def what_is_atypical(row: DifferingRow | OutlierRow, *, most: int | None = None) -> Cell:
    """List what a picture shows that is atypical, and the cells that are."""
    lines = tuple(phrases.reason(why, cut=True) for why in row.reasons[:most])
    if row.aspect:
        lines = (phrases.shorten(row.aspect, 240), *lines)
    return Lines(lines) if lines else "no single cell stands out"


def agreement_sentence(agreement: Agreement) -> str:
    """Say what the questions are, and that the score is made of them."""
    meaning = "; ".join(f"{companion.name}: {MEANING[companion.name]}" for companion in agreement.companions)
    return f"The score is made of these questions, and none of them decides alone. {meaning[:1].upper()}{meaning[1:]}."


def top_in_words(agreement: Agreement) -> str:
    """Name the rows that are compared."""
    if agreement.of_flagged:
        return f"the {phrases.plural(agreement.n_top, 'flagged row')}"
    return f"the {phrases.plural(agreement.n_top, 'row')} of highest score"


def shared_sentence(agreement: Agreement) -> str:
    """Say how many of the top rows the questions have on top too, and how many would be by chance."""
    parts = [_shared(companion, agreement) for companion in agreement.companions]
    shared = phrases.listed(parts, most=len(parts))
    chance = agreement.n_top**2 / agreement.n
    few = "" if agreement.of_flagged else " Too few rows are flagged to compare these alone."
    return (
        f"Of {top_in_words(agreement)}, {shared}; lists drawn at random would share about "
        f"{numbers.expected(chance)}.{few}"
    )


def _shared(companion: Companion, agreement: Agreement) -> str:
    share = numbers.share(companion.shared / agreement.n_top)
    return (
        f"{numbers.count(companion.shared)} ({share}) are also among the {numbers.count(agreement.n_top)} highest of "
        f"the {companion.name}"
    )


def only_model_sentence(agreement: Agreement) -> str:
    """Say where the score differs: the rows that no question has on top, and what is odd about them."""
    if agreement.n_only_model == 0:
        return f"Every one of {top_in_words(agreement)} is also on top by at least one of the questions."
    verb = "is" if agreement.n_only_model == 1 else "are"
    text = (
        f"{numbers.count(agreement.n_only_model)} of {top_in_words(agreement)} {verb} on top by no single question, "
        "but by several together."
    )
    if agreement.only_model_columns:
        named = phrases.counted({phrases.name(key): rows for key, rows in agreement.only_model_columns.items()})
        text += f" What it finds first there: {phrases.listed(named)}."
    return text


def only_companions_sentence(agreement: Agreement) -> str:
    """Say which rows only one of the questions has on top."""
    if agreement.n_only_companions == 0:
        return "No row is on top by a question only."
    said = "is" if agreement.n_only_companions == 1 else "are"
    return (
        f"{phrases.plural(agreement.n_only_companions, 'row')} {said} among the {numbers.count(agreement.n_top)} "
        "highest of at least one question, but not of the score: it takes more than one."
    )
