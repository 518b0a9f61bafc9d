"""The data as it was read, how to read the report, and how to make it again."""

from __future__ import annotations

import json

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.quality.columns import ColumnSummary
from vaeaudit.report.parts.blocks import Answer, Block, Code, Definitions, Paragraph, Section
from vaeaudit.report.parts.tables import Badge, Cell, Lines, Table, numeric, plain, table, wide
from vaeaudit.wording import numbers, phrases

_TERMS = (
    (
        "Interval",
        "The range of values that the data is compatible with, at the stated confidence. A finding is reported only "
        "where the whole interval lies beyond the tolerance.",
    ),
    (
        "Adjusted p",
        "How often chance alone would give at least so strong a result, corrected for the number of questions asked. "
        "Small values speak against chance.",
    ),
    ("False-discovery rate", "The share of flagged things that is expected to be flagged by mistake."),
    (
        "Nats",
        "The unit of surprise: natural logarithm of one over the probability. 2.3 nats is one chance in ten, 4.6 one "
        "in a hundred. Scores all point one way: higher is more atypical, rarer.",
    ),
    (
        "Baseline",
        "What the number of rows is compared with: given population shares, or what the columns would give if they "
        "had nothing to do with one another (independence). Fewer rows than the baseline may also be how the world is.",
    ),
    (
        "Latent",
        "A hidden axis that the model found by itself. An active one carries information about the rows; an unused "
        "one does not. What an axis means is read off the columns that go with it, and may change with another seed.",
    ),
    (
        "AUC",
        "How often a row of one group is ranked above a row of another when the attribute is predicted: 0.5 is "
        "guessing, 1 is always right.",
    ),
    ("Balance", "Shares of groups without a population to compare with: a description, no judgement."),
    ("ELBO", "A lower bound on how probable the model finds the held-out rows, in nats per row; higher is better."),
)


def quality(results: AuditResults) -> Section:
    """Build the section on the data as read."""
    problems = sum(bool(column.problems) for column in results.columns)
    lead = (
        f"{phrases.accounting(vars(results.rows))}. {phrases.plural(len(results.columns), 'column')}, "
        f"{phrases.plural(problems, 'column')} with remarks."
    )
    blocks: list[Block] = [Paragraph(note) for note in results.notes]
    if results.pictures is not None:
        blocks.append(Paragraph(columns_of_pictures(results)))
    blocks += [_suggestions(results), _columns(results.columns)]
    if results.quarantine:
        blocks.append(_quarantine(results))
    return Section("quality", "The data as it was read", lead, tuple(blocks))


def _suggestions(results: AuditResults) -> Block:
    suggested = [
        phrases.name(column.name)
        for column in results.columns
        if column.suggested_sensitive and column.role not in ("sensitive", "excluded") and not column.same_as
    ]
    if not suggested:
        return Paragraph("No further column has a name that suggests a sensitive attribute.")
    names = phrases.listed(suggested, most=8)
    if len(suggested) == 1:
        said = f"Judging by its name, {names} may be a sensitive attribute; --sensitive declares it."
    else:
        said = f"Judging by their names, {names} may be sensitive attributes; --sensitive declares them."
    return Answer(said, "unsure")


def _columns(found: tuple[ColumnSummary, ...]) -> Table:
    columns = (
        plain("Column", "Kind", "Role", "In the model") + numeric("Missing", "Distinct") + wide("Values", "Remarks")
    )
    return table(f"All {phrases.plural(len(found), 'column')}", columns, [_column_row(column) for column in found])


def _column_row(column: ColumnSummary) -> tuple[Cell, ...]:
    return (
        phrases.name(column.name),
        column.kind,
        _role(column),
        "given" if column.given else "yes" if column.in_model else "no",
        numbers.count(column.missing),
        numbers.count(column.unique),
        phrases.shorten(column.summary, 160),
        _remarks(column),
    )


def _role(column: ColumnSummary) -> Cell:
    if column.role in ("sensitive", "label"):
        return Badge(column.role, "neutral")
    return "computed" if column.derived and column.role == "input" else column.role


def _remarks(column: ColumnSummary) -> Cell:
    origin = (f"computed from the pictures: {column.meaning}",) if column.derived else ()
    lines = (*origin, *(phrases.shorten(problem, 240) for problem in column.problems))
    return Lines(lines) if lines else numbers.ABSENT


def _quarantine(results: AuditResults) -> Table:
    rows = [
        (
            phrases.name(record.file),
            "whole file" if record.row < 0 else numbers.count(record.row),
            phrases.shorten(record.reason, 240),
        )
        for record in results.quarantine
    ]
    total = results.rows.quarantined
    caption = (
        f"Records left out: {numbers.count(len(rows))} of {numbers.count(total)}; the run's quarantine.csv has all"
    )
    return table(caption, plain("File") + numeric("Record") + wide("Reason"), rows)


def columns_of_pictures(results: AuditResults) -> str:
    """Say what the columns of pictures are, of which none enters the model."""
    said = "Only the pixels enter the model."
    if any(not column.derived for column in results.columns):
        said += " The columns of the data are what is known about each picture besides."
    if any(column.derived for column in results.columns):
        said += " Columns called picture_… were computed from the pictures, so that what is found can be told in words."
    return said


def reading(results: AuditResults) -> Section:
    """Build the glossary."""
    levels = {numbers.rate(cell.ci.level) for cell in results.representation} | {
        numbers.rate(results.model.elbo_ci.level)
    }
    confidence = phrases.listed(sorted(levels))
    lead = f"Intervals are at {confidence} confidence. Nothing here was flagged on a point estimate alone."
    return Section("reading", "How to read this report", lead, (Definitions(_TERMS),))


def reproduce(results: AuditResults) -> Section:
    """Build the section that lets a reader make the report again."""
    run, data = results.run, results.run.data
    facts = [
        ("Run", run.id),
        ("Made", run.created),
        ("Seed", str(run.seed)),
        ("Data", f"{data.name} ({data.kind})"),
        ("Fingerprint (SHA-256)", data.fingerprint),
        *((f"Version of {key}", value) for key, value in run.versions.items()),
    ]
    settings = json.dumps(run.config, indent=2, ensure_ascii=False, default=str)
    blocks = (
        *((Code("Commands", run.commands, open=True),) if run.commands else ()),
        Definitions(tuple(facts)),
        Code("All settings", settings),
    )
    lead = "The same data, settings, seed and versions give the same report on the same machine."
    return Section("reproduce", "Make it again", lead, blocks)
