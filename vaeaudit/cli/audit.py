"""`vaeaudit audit DATA`: `fit`, then `report`, in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vaeaudit.cli.fit import fit_arguments, fit_options, say_what_was_read
from vaeaudit.cli.options import Output, out_option, output_options
from vaeaudit.cli.progress_display import Display
from vaeaudit.cli.report import show_report


@click.command()
@click.argument("source", metavar="DATA", type=click.Path(path_type=Path))
@out_option
@fit_options
@output_options
@click.pass_context
def audit(context: click.Context, /, source: Path, *, out: Path | None, output: Output, **options: Any) -> None:
    """Learn DATA and report on it; print the path of report.html.

    As `fit` and then `report` do. The run directory stays in runs/ or where --run says: `report`, `score` and
    `rebalance` go on from there.
    """
    given = fit_arguments(context, options)
    from vaeaudit.workflow.report import audit as fit_and_report  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=output.quiet).shown() as display:
        audited = fit_and_report(
            source, **given, out=out, on_progress=display.listen, is_interrupted=display.is_interrupted
        )
    if not (output.quiet or output.as_json):
        say_what_was_read(audited.run, output)
    show_report(audited.page, output)
