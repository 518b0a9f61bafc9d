"""`vaeaudit score RUN DATA`: the same scores for rows that the run's model has not seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from vaeaudit.cli.options import json_option, other_data_options, printable, read_config_from, verbosity_options
from vaeaudit.cli.progress_display import Display
from vaeaudit.wording import numbers, phrases

#: Notes that are shown unless all are asked for.
_FEW = 5


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("source", metavar="DATA", type=click.Path(path_type=Path))
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="Where the scores go; scores/<run>/<data>/."
)
@other_data_options
@json_option
@verbosity_options
def score(
    run: Path,
    source: Path,
    *,
    out: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> None:
    """Score the rows of DATA by the model of RUN; print the path of rows.parquet.

    RUN is a run directory that `fit` made, DATA anything that `fit` reads. Columns are matched by name and read with
    the kinds and levels that the run knows. quarantine.csv, score.json and, for a table, cells.parquet lie beside
    rows.parquet; scores that are there already are replaced.
    """
    from vaeaudit.runs.reading import load_run  # noqa: PLC0415 - keeps `--help` free of pandas
    from vaeaudit.workflow.other import other_reading  # noqa: PLC0415 - keeps `--help` free of pandas
    from vaeaudit.workflow.score import score as score_rows  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=quiet).shown() as display:
        loaded = load_run(run)
        base = other_reading(loaded.config.read)
        config = read_config_from({**options, "na": (*base.na, *options["na"])}, base)
        rows = score_rows(loaded, source, out=out, config=config, on_progress=display.listen)
    document = (rows.parent / "score.json").read_text(encoding="utf-8")
    if as_json:
        click.echo(document)
        return
    if not quiet:
        say_scores(json.loads(document), most=None if verbose else _FEW)
    click.echo(str(rows))


def say_scores(document: dict[str, Any], *, most: int | None) -> None:
    """Print the accounting, what was flagged, and the first notes on standard error."""
    rows, outliers = document["rows"], document["outliers"]
    click.echo(f"Rows: {phrases.accounting(rows)}", err=True)
    placed = sum(document["regions"].values())
    click.echo(
        f"Flagged: {phrases.plural(outliers['flagged'], 'row')} that do not belong, at a false-discovery rate of "
        f"{numbers.rate(outliers['fdr'])}; {phrases.plural(placed, 'row')} in one of "
        f"{phrases.plural(len(document['regions']), 'under-represented region')}.",
        err=True,
    )
    for note in document["notes"][:most]:
        click.echo(f"Note: {printable(note)}", err=True)
    if most is not None and len(document["notes"]) > most:
        click.echo(f"Note: {len(document['notes']) - most} more with -v, and in score.json.", err=True)
