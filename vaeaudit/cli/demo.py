"""`vaeaudit demo`: generated people with planted gaps and outliers, audited end to end."""

from __future__ import annotations

import json
from pathlib import Path

import click

from vaeaudit.cli.options import Output, output_options
from vaeaudit.cli.progress_display import Display


@click.command()
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where data, run and report go; what an earlier demo left there is replaced.",
)
@click.option("--rows", type=click.IntRange(2000, 1_000_000), default=12_000, show_default=True, help="People to make.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of people and model.")
@output_options
def demo(*, out: Path, rows: int, seed: int, output: Output) -> None:
    """Audit generated people; print planted and found.

    Gaps, broken rows and a proxy are planted in the people, so that what the audit finds can be held against the truth.
    """
    from vaeaudit.workflow.demo import run  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=output.quiet).shown() as display:
        shown = run(out, n_rows=rows, seed=seed, on_progress=display.listen, is_interrupted=display.is_interrupted)
    if output.as_json:
        click.echo(json.dumps(shown.to_dict(), indent=2))
        return
    if output.quiet:
        click.echo(str(shown.page))
        return
    width = max(len(item.planted) for item in shown.items)
    click.echo(f"{'planted':<{width}}  found")
    for item in shown.items:
        click.echo(f"{item.planted:<{width}}  {'yes' if item.found else 'NO '}  {item.how}")
    if output.verbose:
        click.echo(f"Run: {shown.run}", err=True)
    click.echo(str(shown.page))
