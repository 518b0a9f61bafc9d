"""`vaeaudit check [RUN]`: hold a run against a policy; the exit code says what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from vaeaudit.cli.options import (
    Output,
    group_options,
    mute_option,
    output_options,
    path_option,
    population_option,
    settings_of,
)
from vaeaudit.cli.progress_display import Display
from vaeaudit.cli.report import say_findings


@click.command()
@click.argument("run", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--policy",
    metavar="FILE",
    default="default",
    show_default=True,
    help="What fails the run: a TOML file, or default, strict, hiring, credit or medical-pictures.",
)
@population_option
@path_option("--reference", "DATA", "Another dataset to compare with; that of `fit` unless given.")
@click.option("--junit", metavar="FILE", help="Write the checks as JUnit XML.")
@click.option("--sarif", metavar="FILE", help="Write the findings as SARIF 2.1.0.")
@mute_option
@group_options
@output_options
@click.pass_context
def check(context: click.Context, /, run: Path | None, *, policy: str, output: Output, **options: Any) -> None:
    """Hold RUN against a policy; print pass, fail or inconclusive, and exit by it.

    RUN is a run directory that `fit` made; without it, the newest complete run of runs/. Exit codes: 0 it passes; 1 it
    fails; 3 inconclusive, since a check that the policy names could not be answered, or a grave finding needs a person.
    A check that could not run never passes.
    """
    from vaeaudit.workflow.check import check as hold_against  # noqa: PLC0415 - keeps `--help` free of pandas

    places = {name: options[name] for name in ("population", "reference", "junit", "sarif")}
    with Display(quiet=output.quiet).shown() as display:
        checked = hold_against(run, policy=policy, on_progress=display.listen, **places, **settings_of(options))
    document = checked.to_json()
    if output.as_json:
        click.echo(document)
    else:
        if not output.quiet:
            say_findings(json.loads(document), most=None if output.verbose else 10)
        click.echo(checked.verdict.status)
    context.exit(checked.exit_code)
