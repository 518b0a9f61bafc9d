"""`vaeaudit generate RUN`: new rows or pictures from the model of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from vaeaudit.cli.options import Output, choice_option, output_options, path_option, printable
from vaeaudit.cli.progress_display import Display
from vaeaudit.config import LatentSource
from vaeaudit.errors import UsageError

KeyT = TypeVar("KeyT", str, int)


@click.command()
@click.argument("run", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option("-n", "n", type=int, default=1000, show_default=True, metavar="N", help="How many rows or pictures.")
@click.option("--region", metavar="R", help="A region of the report, such as R3fa2b1c9: rows that meet its rule.")
@click.option(
    "--condition",
    metavar="COL=VALUE",
    multiple=True,
    help="What rows are to have: a level, a number, a date, a range low..high, or nothing for a missing cell; repeat.",
)
@click.option(
    "--latent",
    metavar="L=LOW..HIGH",
    multiple=True,
    help="Where a latent is to lie, or 3=1.5 for one place; repeat for more.",
)
@click.option("--like", metavar="ROW", help="Around the posterior of the row of this id.")
@choice_option(
    "--draw",
    LatentSource,
    "Where the latents come from: a mixture fitted to posteriors of the rows, these themselves, or the prior.",
    default=LatentSource.MIXTURE.value,
    show_default=True,
)
@click.option("--seed", type=int, metavar="N", help="Of all that is drawn; that of the run.")
@path_option("--out", "FILE|DIR", "A .csv or .parquet file, or a folder; generated/<run>/.")
@output_options
def generate(
    run: Path | None,
    *,
    condition: tuple[str, ...],
    latent: tuple[str, ...],
    out: Path | None,
    output: Output,
    **options: Any,
) -> None:
    """Make new rows or pictures by the model of RUN, and say how good they are; print the path of what was made.

    RUN is a run directory that `fit` made; without it, the newest complete run of runs/. Rows have the columns of the
    data and keep the rules of the table; all files say that they are generated. generated.json beside them holds how
    well they can be told from held-out rows, what a model learns from them, whether they copy rows or give away who was
    in the data, each beside a decision tree per column, and what falls short.
    """
    from vaeaudit.workflow.generate import generate as generate_rows  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=output.quiet).shown() as display:
        made = generate_rows(
            run,
            condition=_once("--condition", map(_condition, condition)),
            latent=_once("--latent", map(_range, latent)),
            out=out,
            on_progress=display.listen,
            **options,
        )
    document = made.document.read_text(encoding="utf-8")
    output.conclude(made.path, document, _say)


def _say(document: dict[str, Any]) -> None:
    from vaeaudit.wording.generation import generated_in_words  # noqa: PLC0415 - as above

    for line in generated_in_words(document):
        click.echo(printable(line), err=True)


def _once(option: str, pairs: Iterable[tuple[KeyT, Any]]) -> dict[KeyT, Any]:
    found: dict[KeyT, Any] = {}
    for name, value in pairs:
        if name in found:
            raise UsageError(f"{option} {name}: given twice; all that is asked holds together.")
        found[name] = value
    return found


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"--condition {text}: expected COL=VALUE.")
    return name, value


def _range(text: str) -> tuple[int, tuple[float | None, float | None]]:
    name, _, value = text.partition("=")
    low, dots, high = value.partition("..")
    try:
        bounds = tuple(float(bound) if bound else None for bound in ((low, high) if dots else (value, value)))
        number = int(name.removeprefix("z_"))
    except ValueError:
        number, bounds = -1, ()
    if len(bounds) != 2 or not value or any(bound is not None and math.isnan(bound) for bound in bounds):
        raise UsageError(f"--latent {text}: expected the number of a latent and where it lies, such as 3=-2..2.")
    return number, (bounds[0], bounds[1])
