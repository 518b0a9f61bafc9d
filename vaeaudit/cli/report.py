"""`vaeaudit report [RUN]`: analyse a run and render it; TensorFlow is imported for `--reference` alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from vaeaudit.cli.options import (
    Output,
    factors_option,
    group_options,
    mute_option,
    out_option,
    output_options,
    path_option,
    population_option,
    printable,
    settings_of,
    uniform_option,
)
from vaeaudit.cli.progress_display import Display
from vaeaudit.wording import phrases


@click.command()
@click.argument("run", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@out_option
@population_option
@path_option("--reference", "DATA", "Another dataset to compare with; that of `fit` unless given.")
@uniform_option
@factors_option
@mute_option
@group_options
@click.option("--fdr", type=float, metavar="X", help="False-discovery rate of flags and tests; that of `fit`.")
@output_options
def report(
    run: Path | None,
    *,
    out: Path | None,
    population: Path | None,
    reference: Path | None,
    output: Output,
    **options: Any,
) -> None:
    """Analyse RUN and write its report; print the path of report.html.

    RUN is a run directory that `fit` made; without it, the newest complete run of runs/. report.json, rows.parquet,
    flagged.csv, duplicates.csv and, for a table, cells.csv lie beside the page.
    """
    from vaeaudit.workflow.report import report as write_report  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=output.quiet).shown() as display:
        written = write_report(
            run,
            out=out,
            population=population,
            reference=reference,
            on_progress=display.listen,
            **settings_of(options),
        )
    show_report(written.page, output)


def show_report(page: Path, output: Output) -> None:
    """Print `report.json` that lies beside a page; or the page's path, after verdict and findings."""
    document = (page.parent / "report.json").read_text(encoding="utf-8")
    output.conclude(page, document, lambda found: say_findings(found, most=None if output.verbose else 10))


def say_findings(document: dict[str, Any], *, most: int | None) -> None:
    """Print the verdict, how many checks came to what, and the first findings on standard error."""
    verdict, findings = document["verdict"], document["findings"]
    click.echo(f"{phrases.VERDICT[verdict['status']].upper()}: {printable(verdict['sentence'])}", err=True)
    for reason in verdict["checks"]:
        word = phrases.VERDICT_REASONS[reason["effect"], reason["state"]]
        click.echo(f"  {word} ({reason['code']}): {printable(reason['why'])}", err=True)
    click.echo(phrases.states(Counter(check["state"] for check in document["checks"])), err=True)
    for finding in findings[:most]:
        severity = phrases.SEVERITY[finding["severity"]]
        click.echo(f"  {severity:<15} {finding['code']} {printable(finding['title'])}", err=True)
    if most is not None and len(findings) > most:
        click.echo(f"  … and {len(findings) - most} more in the report.", err=True)
