"""The run directory: save, load, verify, resume; and the folder of scores that a run gives to other data."""

from __future__ import annotations

from vaeaudit.runs.commands import commands_again, describe_given, resuming
from vaeaudit.runs.contents import (
    accounting_of,
    describe_run,
    describe_scores,
    describe_source,
    source_text,
    write_after_training,
    write_before_training,
)
from vaeaudit.runs.directory import (
    RUNS,
    PartialRun,
    RunWriter,
    find_partial,
    new_run_path,
    partial_path,
    sweep_partial_runs,
)
from vaeaudit.runs.reading import Run, load_run
from vaeaudit.runs.reference import StoredReference, read_reference, write_reference
from vaeaudit.runs.scores import SCORES, score_path, write_scores

__all__ = [
    "RUNS",
    "SCORES",
    "PartialRun",
    "Run",
    "RunWriter",
    "StoredReference",
    "accounting_of",
    "commands_again",
    "describe_given",
    "describe_run",
    "describe_scores",
    "describe_source",
    "find_partial",
    "load_run",
    "new_run_path",
    "partial_path",
    "read_reference",
    "resuming",
    "score_path",
    "source_text",
    "sweep_partial_runs",
    "write_after_training",
    "write_before_training",
    "write_reference",
    "write_scores",
]
