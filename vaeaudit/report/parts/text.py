"""Sentences: what each result says, written from its numbers."""

from __future__ import annotations

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.wording import numbers, phrases


def what_is_modelled(results: AuditResults) -> str:
    """Say what of the data the model sees: some of its columns, or the pixels of its pictures."""
    known = phrases.plural(sum(not column.derived for column in results.columns), "column")
    if results.pictures is None:
        return f"{numbers.count(results.model.columns)} of {known}"
    height, width, channels = results.pictures.size
    size = f"{width} x {height} pixels in {'colour' if channels == 3 else 'grey'}"
    return f"{size}; {known} known of each picture"
