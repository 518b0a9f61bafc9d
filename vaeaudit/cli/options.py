"""What commands share: options, the configuration that they and `--config` make, text that a terminal can show."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from vaeaudit.config import FitConfig, ReadConfig, SourceKind
from vaeaudit.errors import UsageError

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_ID = click.option("--id", "id_column", metavar="COL", help="The column that names the rows.")
_KIND = click.option(
    "--kind",
    type=click.Choice([kind.value for kind in SourceKind]),
    help="What DATA is read as; found from the data unless given.",
)
_ARRAY_KEY = click.option("--array-key", metavar="NAME", help="The array of an .npz file that holds the rows.")
_CACHE = click.option("--cache", metavar="DIR", help="Where resized pictures are kept between commands; runs/.cache.")
_NA = click.option(
    "--na", metavar="TOKEN", multiple=True, help='A further token that means "missing"; repeat for more.'
)
_DELIMITER = click.option("--delimiter", metavar="CHAR", help="Found from the data unless given; \\t for a tab.")
_ENCODING = click.option("--encoding", metavar="NAME", help="Found from the data unless given.")

_READ_OPTIONS = (
    click.option("--label", metavar="COL", help="The column that a model would be trained to predict."),
    click.option("--sensitive", metavar="COL", multiple=True, help="A sensitive attribute; repeat for more."),
    click.option("--exclude", metavar="COL", multiple=True, help="A column that takes no part; repeat for more."),
    click.option(
        "--include", metavar="COL", multiple=True, help="A sensitive column, or the label, that the model is to see."
    ),
    _ID,
    click.option(
        "--split",
        metavar="COL",
        help="The column that says train, val or test: rows that occur in more than one split are reported.",
    ),
    _KIND,
    click.option(
        "--image-size",
        type=int,
        metavar="N",
        help="Side in pixels of the square that pictures are brought to; chosen from the data unless given.",
    ),
    _ARRAY_KEY,
    _CACHE,
    _NA,
    _DELIMITER,
    _ENCODING,
    click.option("--kind-of", metavar="COL=KIND", multiple=True, help="Read a column as this kind; repeat for more."),
    click.option(
        "--levels",
        metavar="COL=A,B,C",
        multiple=True,
        help="Levels in rising order: declares the column ordinal; repeat for more.",
    ),
)
#: What data may differ in from that of the run whose columns it has.
_OTHER_DATA_OPTIONS = (_ID, _KIND, _ARRAY_KEY, _CACHE, _NA, _DELIMITER, _ENCODING)


def read_options(command: CommandT) -> CommandT:
    """Add the options that say how DATA is read; `read_config_from` takes what they pass."""
    for option in reversed(_READ_OPTIONS):
        command = option(command)
    return command


def other_data_options(command: CommandT) -> CommandT:
    """Add those options of `read_options` that make sense where columns, kinds and roles are known from a run."""
    for option in reversed(_OTHER_DATA_OPTIONS):
        command = option(command)
    return command


def reference_option(help_text: str) -> Callable[[CommandT], CommandT]:
    """Return what adds `--reference DATA`, passed on as `reference`."""
    return click.option("--reference", metavar="DATA", type=click.Path(path_type=Path), help=help_text)


def uniform_option(command: CommandT) -> CommandT:
    """Add `--uniform`, passed on as `uniform`."""
    option = click.option(
        "--uniform",
        is_flag=True,
        help="Also compare groups with an even spread over the sensitive columns and the label.",
    )
    return option(command)


def config_option(command: CommandT) -> CommandT:
    """Add `--config FILE.toml`, passed on as `config_file`."""
    option = click.option(
        "--config",
        "config_file",
        metavar="FILE.toml",
        type=click.Path(path_type=Path),
        help="Settings from a file, such as `inspect --write-config` writes; options on the command line win.",
    )
    return option(command)


def verbosity_options(command: CommandT) -> CommandT:
    """Add `-q` and `-v`, passed on as `quiet` and `verbose`."""
    command = click.option("-v", "--verbose", is_flag=True, help="Say more.")(command)
    return click.option("-q", "--quiet", is_flag=True, help="Say only what matters.")(command)


def json_option(command: CommandT) -> CommandT:
    """Add `--json`, passed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def fit_config_from(config_file: Path | None) -> FitConfig:
    """Read a configuration file, or return the defaults where there is none.

    Raises
    ------
    UsageError
        Where the file cannot be read or holds something else than a configuration.
    """
    if config_file is None:
        return FitConfig()
    try:
        document = tomllib.loads(config_file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(
            f"--config {config_file}: cannot be read: {(error.strerror or str(error)).lower()}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {config_file}: expected TOML: {error}.") from error
    try:
        return FitConfig.from_dict(document)
    except (TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"--config {config_file}: a value has the wrong type: {error}.") from error


def read_config_from(options: Mapping[str, Any], base: ReadConfig | None = None) -> ReadConfig:
    """Lay the options of `read_options` over a configuration.

    An option that is given replaces the value of the file; `--kind-of` and `--levels` do so column by column.

    Parameters
    ----------
    options
        What click passes for `read_options`; other keys are ignored.
    base
        From `--config`.

    Raises
    ------
    UsageError
        Where an option is malformed, or contradicts another.
    """
    base = base or ReadConfig()
    changes: dict[str, Any] = {
        name: options[name]
        for name in (
            *("label", "sensitive", "exclude", "include", "split"),
            *("na", "encoding", "kind", "array_key", "cache"),
        )
        if options.get(name)
    }
    if options.get("image_size") is not None:
        changes["image_size"] = options["image_size"]
    if options.get("id_column"):
        changes["id"] = options["id_column"]
    if options.get("delimiter"):
        changes["delimiter"] = "\t" if options["delimiter"] in ("\\t", "tab") else options["delimiter"]
    kinds = dict(_pair(text, "--kind-of", "COL=KIND") for text in options.get("kind_of", ()))
    levels = dict(_pair(text, "--levels", "COL=A,B,C") for text in options.get("levels", ()))
    split = {name: [level.strip() for level in text.split(",")] for name, text in levels.items()}
    # A new declaration of either sort takes the place of the file's declaration of the other.
    changes["kinds"] = {**{k: v for k, v in base.kinds.items() if k not in levels}, **kinds}
    changes["levels"] = {**{k: v for k, v in base.levels.items() if k not in kinds}, **split}
    return replace(base, **changes)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    """Split at the last equals sign: a column's name may hold one, a kind never does."""
    name, equals, value = text.rpartition("=")
    if not equals or not name or not value:
        raise UsageError(f"{option} {text}: expected {form}.")
    return name, value


def printable(text: str) -> str:
    r"""Show control and invisible characters as escapes, so that data cannot steer the terminal.

    Examples
    --------
    >>> print(printable("a\x1b[31mb\u202ec"))
    a\x1b[31mb\u202ec
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
