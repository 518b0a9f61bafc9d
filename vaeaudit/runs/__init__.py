"""The run directory: save, load, verify, resume."""

from __future__ import annotations

from vaeaudit.runs.contents import describe_run, source_text, write_after_training, write_before_training
from vaeaudit.runs.directory import PartialRun, Run, RunWriter, find_partial, load_run, new_run_path, partial_path

__all__ = [
    "PartialRun",
    "Run",
    "RunWriter",
    "describe_run",
    "find_partial",
    "load_run",
    "new_run_path",
    "partial_path",
    "source_text",
    "write_after_training",
    "write_before_training",
]
