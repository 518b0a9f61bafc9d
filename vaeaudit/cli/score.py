"""`vaeaudit score RUN DATA`: the same scores for rows that the run's model has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vaeaudit.cli.options import Output, other_data_options, output_options, path_option, settings_of
from vaeaudit.cli.progress_display import Display
from vaeaudit.wording import numbers, phrases


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("source", metavar="DATA", type=click.Path(path_type=Path))
@path_option("--out", "DIR", "Where the scores go; scores/<run>/<data>/.")
@other_data_options
@output_options
def score(run: Path, source: Path, *, out: Path | None, output: Output, **options: Any) -> None:
    """Score the rows of DATA by the model of RUN; print the path of rows.parquet.

    RUN is a run directory that `fit` made, DATA anything that `fit` reads. Columns are matched by name and read with
    the kinds and levels that the run knows. quarantine.csv, score.json and, for a table, cells.parquet lie beside
    rows.parquet; scores that are there already are replaced.
    """
    from vaeaudit.workflow.score import score as score_rows  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=output.quiet).shown() as display:
        scores = score_rows(run, source, out=out, on_progress=display.listen, **settings_of(options))
    document = (scores.path.parent / "score.json").read_text(encoding="utf-8")
    output.conclude(scores.path, document, lambda found: say_scores(found, output), checks=scores.checks)


def say_scores(document: dict[str, Any], output: Output) -> None:
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
    output.notes(document["notes"], "and in score.json")
