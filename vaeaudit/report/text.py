"""Sentences: what each result says, written from its numbers."""

from __future__ import annotations

import shlex

from vaeaudit.analysis.results.audit import AuditResults, RunFacts
from vaeaudit.wording import numbers, phrases


def what_is_modelled(results: AuditResults) -> str:
    """Say what of the data the model sees: some of its columns, or the pixels of its pictures."""
    known = phrases.plural(sum(not column.derived for column in results.columns), "column")
    if results.pictures is None:
        return f"{numbers.count(results.model.columns)} of {known}"
    height, width, channels = results.pictures.size
    size = f"{width} x {height} pixels in {'colour' if channels == 3 else 'grey'}"
    return f"{size}; {known} known of each picture"


def commands(run: RunFacts) -> str:
    """Write the commands that make this report again; the data's place is the reader's own."""
    read = run.config.get("read", {})
    parts = ["vaeaudit", "fit", run.data.name]
    for option in ("label", "id"):
        if read.get(option):
            parts += [f"--{option}", str(read[option])]
    for option in ("sensitive", "exclude", "include"):
        for column in read.get(option, ()):
            parts += [f"--{option}", str(column)]
    if "preset" in run.config:
        parts += ["--preset", str(run.config["preset"])]
    parts += ["--seed", str(run.seed)]
    return f"{shlex.join(parts)}\n{shlex.join(['vaeaudit', 'report', run.id])}"
