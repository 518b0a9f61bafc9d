"""How to read the report, and how to make it again."""

from __future__ import annotations

import json

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.report.parts.blocks import Code, Definitions, Section
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
    (
        "False-discovery rate",
        "The share of flagged things that is expected to be flagged by mistake.",
    ),
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
    (
        "Balance",
        "Shares of groups without a population to compare with: a description, no judgement.",
    ),
    (
        "ELBO",
        "A lower bound on how probable the model finds the held-out rows, in nats per row; higher is better.",
    ),
)


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
