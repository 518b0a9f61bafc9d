"""`check`: a run held against a policy, for pipelines: pass, fail or inconclusive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from vaeaudit.analysis.audit.policy import judge
from vaeaudit.analysis.audit.policy_files import read_policy
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.conclusions import Verdict
from vaeaudit.errors import UsageError
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.report.document import plain, to_json
from vaeaudit.report.gates import to_junit, to_sarif
from vaeaudit.runs.reading import Run
from vaeaudit.settings import ReportSettings, refuse_unknown, section_with
from vaeaudit.storage.files import replacing
from vaeaudit.workflow.inputs import loaded, sweep
from vaeaudit.workflow.report import analysed

#: Status of a verdict -> exit code; nothing but a pass is 0.
EXIT = {"pass": 0, "fail": 1, "inconclusive": 3}


@dataclass(frozen=True)
class Checked:
    """What a policy makes of a run.

    Attributes
    ----------
    run, policy
        Which run, and the name of the policy.
    verdict
        Drawn by it.
    results
        All that the analysis found.
    """

    run: Run
    policy: str
    verdict: Verdict
    results: AuditResults

    @property
    def exit_code(self) -> int:
        """0 for a pass, 1 for a fail, 3 for what is inconclusive."""
        return EXIT[self.verdict.status]

    def to_json(self) -> str:
        """Return verdict, checks and findings as one strict JSON document, as they stand in `report.json`."""
        found = {"verdict": self.verdict, "checks": self.results.checks, "findings": self.results.findings}
        return to_json({"run": str(self.run.path), "policy": self.policy, **plain(found)})


def check(
    run: Run | Path | str | None = None,
    *,
    policy: Path | str = "default",
    population: Path | str | None = None,
    reference: Any = None,
    junit: Path | str | None = None,
    sarif: Path | str | None = None,
    on_progress: Listener = ignore,
    **settings: Unpack[ReportSettings],
) -> Checked:
    """Hold a complete run against a policy.

    Parameters
    ----------
    run
        A run or its folder; the newest complete run of `runs/` where None.
    policy
        A TOML file, or the name of one that vaeaudit brings along; see `vaeaudit explain --policy`. What its table
        `[analysis]` says wins over the settings of the run.
    population, reference
        As for `report`.
    junit, sarif
        Files that are written for other programs, if any; a file that is there is replaced.
    on_progress
        See `vaeaudit.progress`.
    **settings
        As for `report`; they win over the policy.

    Returns
    -------
    Checked
        Its `exit_code` is that of the command.

    Raises
    ------
    UsageError
        Where something given cannot be used.
    RunError
        Where the run cannot be used.
    """
    refuse_unknown(check, settings, ReportSettings)
    asked, watch = read_policy(policy), Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
    files = _files_to_write({"--junit": junit, "--sarif": sarif}, run.path)
    own = run.config.analysis
    mutes = {**own.mutes, **asked.analysis.get("mutes", {})}
    config = section_with(type(own).from_dict({**own.to_dict(), **asked.analysis, "mutes": mutes}), settings)
    results = analysed(run, config, population=population, reference=reference, watch=watch).results
    known = {result.code for result in results.checks}
    absent = [code for code in asked.rules if code not in known]
    if absent:
        raise UsageError(f"--policy {asked.name}: the check {absent[0]} was not asked by this version.")
    verdict = judge(results.checks, results.findings, asked.rules)
    with watch.phase("writing"):
        for option, render in (("--junit", to_junit), ("--sarif", to_sarif)):
            if option in files:
                with replacing(files[option]) as stream:
                    stream.write(render(results, verdict).encode("utf-8"))
    return Checked(run, asked.name, verdict, results)


def _files_to_write(given: Mapping[str, Path | str | None], run: Path) -> dict[str, Path]:
    """Return where to write, by option: what a link leads to, each another file, none in the run, none a device."""
    files: dict[str, Path] = {}
    for option, path in given.items():
        if path is None:
            continue
        place = Path(path).resolve()
        if not str(path) or place.is_dir():
            raise UsageError(f"{option} {path}: expected a file, found {'a folder' if str(path) else 'nothing'}.")
        if place.exists() and not place.is_file():
            raise UsageError(f"{option} {path}: it is no ordinary file, which could be replaced.")
        if place in files.values():
            raise UsageError(f"{option} {path}: the same file as that of {next(iter(files))}.")
        if place.is_relative_to(run.resolve()):
            raise UsageError(f"{option} {path}: lies in the run, whose files are not to change.")
        files[option] = place
    return files
