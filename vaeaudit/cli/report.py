"""`vaeaudit report [RUN]`: analyse a run and render it; TensorFlow is imported for `--reference` alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from vaeaudit.cli.options import json_option, printable, reference_option, uniform_option, verbosity_options
from vaeaudit.cli.progress_display import Display
from vaeaudit.wording import phrases


@click.command()
@click.argument("run", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Where the report goes; reports/<run>/.")
@click.option(
    "--population",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Shares that the sensitive groups ought to have, as CSV; those of `fit` unless given.",
)
@reference_option("Another dataset to compare with; that of `fit` unless given.")
@uniform_option
@click.option("--fdr", type=float, metavar="X", help="False-discovery rate of flags and tests; that of `fit`.")
@json_option
@verbosity_options
def report(
    run: Path | None,
    *,
    out: Path | None,
    population: Path | None,
    reference: Path | None,
    uniform: bool,
    fdr: float | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Analyse RUN and write its report; print the path of report.html.

    RUN is a run directory that `fit` made; without it, the newest complete run of runs/. report.json, rows.parquet,
    flagged.csv and, for a table, cells.csv lie beside the page.
    """
    from vaeaudit.runs.reading import load_run  # noqa: PLC0415 - keeps `--help` free of pandas
    from vaeaudit.workflow.report import report as write_report  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=quiet).shown() as display:
        loaded = load_run(run)
        config = loaded.config.analysis
        config = replace(config, fdr=config.fdr if fdr is None else fdr, uniform=uniform or config.uniform)
        page = write_report(
            loaded, out=out, population=population, reference=reference, config=config, on_progress=display.listen
        )
    document = (page.parent / "report.json").read_text(encoding="utf-8")
    if as_json:
        click.echo(document)
        return
    if not quiet:
        say_findings(json.loads(document), most=None if verbose else 10)
    click.echo(str(page))


def say_findings(document: dict[str, object], *, most: int | None) -> None:
    """Print the verdict and the first findings on standard error."""
    verdict, findings = document["verdict"], document["findings"]
    assert isinstance(verdict, dict)  # noqa: S101 - the schema of report.json says so
    assert isinstance(findings, list)  # noqa: S101
    click.echo(f"{phrases.VERDICT[verdict['status']].upper()}: {printable(verdict['sentence'])}", err=True)
    for finding in findings[:most]:
        click.echo(f"  {phrases.SEVERITY[finding['severity']]:<15} {printable(finding['title'])}", err=True)
    if most is not None and len(findings) > most:
        click.echo(f"  … and {len(findings) - most} more in the report.", err=True)
