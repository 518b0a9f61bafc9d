"""`vaeaudit inspect DATA`: what `fit` would do with this data. Trains nothing."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeaudit.cli.options import (
    Output,
    config_option,
    fit_config_from,
    output_options,
    printable,
    read_options,
    settings_of,
)
from vaeaudit.errors import UsageError
from vaeaudit.settings import section_with
from vaeaudit.storage.files import new_file
from vaeaudit.wording import numbers

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_CELL_WIDTH = 24
_PIPE_WIDTH = 160
_SHOWN_LEVELS = 4


@click.command()
@click.argument("source", metavar="DATA", type=click.Path(path_type=Path))
@read_options
@config_option
@click.option(
    "--write-config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what was inferred to a TOML file that can be edited and given back with --config.",
)
@output_options
def inspect(
    source: Path, *, config_file: Path | None, write_config: Path | None, output: Output, **options: Any
) -> None:
    """Show what `fit` would do with DATA: kinds, roles, missing cells, problems. Trains nothing.

    DATA is a CSV, TSV, Parquet, Feather or JSON-lines file (also .gz or .zst), a folder of such files, a folder of
    pictures, or a .npy or .npz file of pictures or vectors.
    """
    from vaeaudit.data.reading.inspection import audit_toml, describe  # noqa: PLC0415 - keeps `--help` free of pandas
    from vaeaudit.workflow.reading import inspect as read_source  # noqa: PLC0415 - keeps `--help` free of pandas

    if write_config is not None and write_config.exists():
        raise UsageError(f"--write-config {write_config}: the file exists already.", hint="Name another, or remove it.")
    config = section_with(fit_config_from(config_file).read, settings_of(options))
    dataset = read_source(source, config)
    description = describe(dataset)
    if write_config is not None:
        with new_file(write_config) as stream:
            stream.write(audit_toml(dataset, config).encode("utf-8"))
    if output.as_json:
        click.echo(json.dumps(description, ensure_ascii=False, allow_nan=False, indent=2))
    else:
        _show(description, str(dataset.accounting), quiet=output.quiet, verbose=output.verbose)
    if write_config is not None and not output.quiet:
        click.echo(f"Wrote {printable(str(write_config))}. Edit it, then: vaeaudit fit DATA --config FILE", err=True)


# --- for people -----------------------------------------------------------------------------------------------------


def _show(description: dict[str, Any], accounting: str, *, quiet: bool, verbose: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - keeps `--help` fast

    # Without a terminal there is no width to keep to: rows stay whole for grep and for logs.
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    console = Console(width=width, markup=False, highlight=False, emoji=False)
    if not quiet:
        if description["images"] is not None:
            console.print(_images_line(description["images"]), soft_wrap=True)
        if description["columns"]:
            console.print(_table(description, verbose=verbose))
        for column, problem in ((c["name"], problem) for c in description["columns"] for problem in c["problems"]):
            console.print(f"{printable(column)}: {printable(problem)}", soft_wrap=True)
        _show_suggestions(console, description)
        for note in description["notes"]:
            console.print(f"Note: {printable(note)}", soft_wrap=True)
        _show_quarantine(console, description, verbose=verbose)
    console.print(f"Rows: {accounting}", soft_wrap=True)


def _images_line(images: dict[str, Any]) -> str:
    """Sum up the pictures: how many, how large, in which pixel formats, and what the model sees."""
    sizes = {name: f"{width} x {height}" for name, (width, height) in images["original_sizes"].items()}
    spread = sizes["median"]
    if sizes["smallest"] != sizes["largest"]:
        spread = f"{sizes['smallest']} to {sizes['largest']} (median {sizes['median']})"
    modes = ", ".join(f"{numbers.count(count)} {mode}" for mode, count in images["modes"].items())
    side, colour = images["size_in_model"][0], "grey" if images["channels"] == 1 else "colour"
    seen = f"the model sees {side} x {side}, {colour}"
    return f"Pictures: {numbers.count(images['count'])} of {spread} pixels ({modes}); {seen}"


def _table(description: dict[str, Any], *, verbose: bool) -> Table:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, title=None, pad_edge=False, padding=(0, 1))
    table.add_column("column", no_wrap=not verbose, overflow="fold")
    for heading in ("kind", "role", "model"):
        table.add_column(heading, no_wrap=True)
    for heading in ("missing", "unique"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("levels, range or examples", overflow="fold")
    for column in description["columns"]:
        style = "" if column["in_model"] or column["given"] else "dim"
        cells = (
            _short(column["name"], verbose=verbose),
            f"{column['kind']}, {printable(column['unit'])}" if column["unit"] else column["kind"],
            "computed from the pixels" if column["derived"] and column["role"] == "input" else column["role"],
            "given" if column["given"] else "yes" if column["in_model"] else "no",
            numbers.count(column["missing"]),
            numbers.count(column["unique"]),
            _examples(column, verbose=verbose),
        )
        table.add_row(*(Text(cell, style=style) for cell in cells))
    return table


def _examples(column: dict[str, Any], *, verbose: bool) -> str:
    if not column["n_levels"]:
        joint = " … " if column["kind"] in ("real", "positive", "count", "datetime") else ", "
        return joint.join(_short(text, verbose=verbose) for text in column["examples"])
    shown = column["levels"] if verbose else column["levels"][:_SHOWN_LEVELS]
    more = column["n_levels"] - len(shown)
    return ", ".join(_short(level, verbose=verbose) for level in shown) + (
        f", … {numbers.count(more)} more" if more else ""
    )


def _short(text: str, *, verbose: bool) -> str:
    safe = printable(text)
    return safe if verbose or len(safe) <= _CELL_WIDTH else safe[: _CELL_WIDTH - 1] + "…"


def _show_suggestions(console: Console, description: dict[str, Any]) -> None:
    suggested = [c for c in description["columns"] if c["suggested_sensitive"] and c["role"] == "input"]
    names = [column["name"] for column in suggested if not column["same_as"]]
    if names:
        options = " ".join(f"--sensitive {shlex.quote(printable(name))}" for name in names)
        console.print(f"Names that suggest a sensitive attribute: {options}", soft_wrap=True)


def _show_quarantine(console: Console, description: dict[str, Any], *, verbose: bool) -> None:
    quarantine = description["quarantine"]
    shown = quarantine["head"] if verbose else quarantine["head"][:5]
    for entry in shown:
        where = f"{entry['file']}, record {entry['row']}" if entry["row"] >= 0 else entry["file"]
        console.print(f"Quarantined: {printable(where)}: {printable(entry['reason'])}", soft_wrap=True)
    if quarantine["entries"] > len(shown):
        console.print(f"Quarantined: {numbers.count(quarantine['entries'] - len(shown))} more.", soft_wrap=True)
