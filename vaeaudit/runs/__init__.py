"""The run directory: save, load, verify, resume."""

from __future__ import annotations

from vaeaudit.runs.directory import PartialRun, Run, RunWriter, find_partial, load_run, new_run_path, partial_path

__all__ = ["PartialRun", "Run", "RunWriter", "find_partial", "load_run", "new_run_path", "partial_path"]
