"""What commands share: options, the configuration that they and `--config` make, text that a terminal can show."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from vaeaudit.config import DateOrder, DecimalMark, FitConfig, SourceKind
from vaeaudit.errors import UsageError
from vaeaudit.settings import PLACES

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

#: Notes that are shown unless all are asked for.
_FEW = 5


def path_option(name: str, metavar: str, help_text: str) -> Callable[[CommandT], CommandT]:
    """Return what adds an option that names a file or a folder."""
    return click.option(name, metavar=metavar, type=click.Path(path_type=Path), help=help_text)


def choice_option(name: str, words: type[StrEnum], help_text: str, **more: Any) -> Callable[[CommandT], CommandT]:
    """Return what adds an option that takes one of some fixed words."""
    return click.option(name, type=click.Choice([word.value for word in words]), help=help_text, **more)


def together(options: Sequence[Callable[[Any], Any]]) -> Callable[[CommandT], CommandT]:
    """Return what adds options, in this order."""

    def add(command: CommandT) -> CommandT:
        """Add the options to a command."""
        for option in reversed(options):
            command = option(command)
        return command

    return add


_columns = partial(click.option, metavar="COL", multiple=True)
_ID = click.option("--id", metavar="COL", help="The column that names the rows.")
_KEEP = "A token, such as NA, that is a value in columns of text; repeat for more."
#: What data may differ in from that of the run whose columns it has.
_HOW_IT_IS_WRITTEN = (
    click.option("--array-key", metavar="NAME", help="The array of an .npz file that holds the rows."),
    click.option("--cache", metavar="DIR", help="Where resized pictures are kept between commands; runs/.cache."),
    click.option(
        "--na", metavar="TOKEN", multiple=True, help='A token that means "missing", also COL=TOKEN; repeat for more.'
    ),
    click.option("--keep", metavar="TOKEN", multiple=True, help=_KEEP),
    click.option("--delimiter", metavar="CHAR", help="Found from the data unless given; \\t for a tab."),
    click.option("--encoding", metavar="NAME", help="Found from the data unless given."),
    choice_option("--date-order", DateOrder, "Which comes first in dates of numbers, where nothing says it."),
    choice_option("--decimal", DecimalMark, "What parts the decimals, where the numbers allow for both."),
)
_KIND = choice_option("--kind", SourceKind, "What DATA is read as; found from the data unless given.")
_CONDITION = "A column that the model is given instead of learning it, so that its latents need not tell it; repeat."
_SPLIT = "The column that says train, val or test: rows that occur in more than one split are reported."
_PROBABILITY = "The column with a level's probability by your own model, which never saw the row; repeat for more."
_PREDICTION = "The column in which a model that exists predicts the label, as a value of it or as a score."
_WEIGHT = "The column that says how many of the population a row stands for, such as a survey's weight."
_THRESHOLD = "From which score on --prediction predicts the outcome of the label."
_SIZE = "Side in pixels of the square that pictures are brought to; chosen from the data unless given."
_LEVELS = 'Levels in rising order, "a, b" for one with a comma: declares the column ordinal; repeat for more.'

#: Adds the options that say how DATA is read.
read_options = together(
    (
        click.option("--label", metavar="COL", help="The column that a model would be trained to predict."),
        _columns("--sensitive", help="A sensitive attribute; repeat for more."),
        _columns("--exclude", help="A column that takes no part; repeat for more."),
        _columns("--include", help="A sensitive column, or the label, that the model is to see."),
        _columns("--condition", help=_CONDITION),
        _ID,
        click.option("--split", metavar="COL", help=_SPLIT),
        _columns("--group", help="A column that says which rows belong together; repeat for more."),
        _columns("--annotator", help="A column in which one annotator says what the label is; repeat for more."),
        click.option("--probability", metavar="LEVEL=COL", multiple=True, help=_PROBABILITY),
        click.option("--prediction", metavar="COL", help=_PREDICTION),
        click.option("--weight", metavar="COL", help=_WEIGHT),
        _KIND,
        click.option("--image-size", type=int, metavar="N", help=_SIZE),
        *_HOW_IT_IS_WRITTEN,
        _columns("--kind-of", metavar="COL=KIND", help="Read a column as this kind; repeat for more."),
        _columns("--levels", metavar="COL=A,B,C", help=_LEVELS),
    )
)
#: Adds those options of `read_options` that make sense where columns, kinds and roles are known from a run.
other_data_options = together((_ID, _KIND, *_HOW_IT_IS_WRITTEN))
out_option = path_option("--out", "DIR", "Where the report goes; reports/<run>/.")
#: Shares that replace those of a run.
population_option = path_option(
    "--population", "FILE", "Shares that the sensitive groups ought to have, as CSV; those of `fit` unless given."
)
uniform_option = click.option(
    "--uniform", is_flag=True, help="Also compare groups with an even spread over the sensitive columns and the label."
)
factors_option = _columns(
    "--factors", help="A column known to be a factor that generated the data, to compare latents with; repeat for more."
)
#: Adds the options that say how sensitive groups are cut and compared.
group_options = together(
    (
        click.option(
            "--bands",
            metavar="COL=A,B,C",
            multiple=True,
            help="Bounds of the groups of a column of numbers, wherever groups are shown; repeat for more.",
        ),
        _columns("--control", help="Compare the label also within the groups of this column; repeat for more."),
        click.option(
            "--favourable",
            metavar="VALUE",
            multiple=True,
            help="The value of the label that is good for the person; repeat for more. Of numbers: from which on.",
        ),
        click.option(
            "--threshold",
            type=float,
            metavar="X",
            help=_THRESHOLD,
        ),
        click.option("--min-cell", type=int, metavar="N", help="Rows below which a group is too small to judge; 30."),
    )
)
mute_option = click.option(
    "--mute",
    nargs=2,
    multiple=True,
    metavar="CODE[:SUBJECT] REASON",
    help="Set a check, or one finding of it, aside, and say why; the report shows both. Repeat for more.",
)
#: Adds `--config FILE.toml`, passed on as `config_file`.
config_option = click.option(
    "--config",
    "config_file",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="Settings from a file, such as `inspect --write-config` writes; options on the command line win.",
)


@dataclass(frozen=True)
class Output:
    """How a command shows what it does and what it found: `--json`, `-q` and `-v`."""

    as_json: bool
    quiet: bool
    verbose: bool

    def conclude(
        self, result: Path, document: str, say: Callable[[Any], None], *, checks: Sequence[Any] | None = None
    ) -> None:
        """Print the JSON document of a result; or its path, after what is to be said of it on standard error.

        `checks` are those of the run behind a result that has none of its own: the JSON document shows their states.
        """
        if self.as_json:
            if checks is not None:
                states = {"checks": [asdict(check) for check in checks]}
                document = json.dumps({**json.loads(document), **states}, indent=2)
            click.echo(document)
            return
        if not self.quiet:
            say(json.loads(document))
        click.echo(str(result))

    def notes(self, notes: Sequence[str], rest: str) -> None:
        """Print the first notes on standard error, or all of them; `rest` says where else the others are."""
        shown = notes if self.verbose else notes[:_FEW]
        for note in shown:
            click.echo(f"Note: {printable(note)}", err=True)
        if len(shown) < len(notes):
            click.echo(f"Note: {len(notes) - len(shown)} more with -v, {rest}.", err=True)


def output_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--json`, `-q` and `-v`, passed on as `output`."""

    @wraps(command)
    def with_output(*arguments: Any, as_json: bool, quiet: bool, verbose: bool, **options: Any) -> None:
        command(*arguments, output=Output(as_json, quiet, verbose), **options)

    return together(
        (
            click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
            click.option("-q", "--quiet", is_flag=True, help="Say only what matters."),
            click.option("-v", "--verbose", is_flag=True, help="Say more."),
        )
    )(with_output)


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


def settings_of(options: Mapping[str, Any]) -> Any:
    """Return what options give, by the names of `vaeaudit.settings`: text is parsed, what was not given is left out.

    Parameters
    ----------
    options
        What click passes; other keys are ignored.

    Raises
    ------
    UsageError
        Where an option is malformed.
    """
    given = {name: options[name] for name in (*PLACES, "preset", "seed") if not _left_out(options.get(name))}
    if options.get("latents") is not None:
        given["latents"] = _latents(options["latents"])
    if options.get("beta") is not None:
        given["beta"] = _beta(options["beta"])
    if given.get("delimiter") in ("\\t", "tab"):
        given["delimiter"] = "\t"
    if "kind_of" in given:
        given["kind_of"] = dict(_pair(text, "--kind-of", "COL=KIND") for text in given["kind_of"])
    if "probability" in given:
        pairs = [text.partition("=") for text in given["probability"]]
        if not all(level and equals and name for level, equals, name in pairs):
            raise UsageError(f"--probability {given['probability'][0]}: expected LEVEL=COL.")
        given["probability"] = {level: name for level, _, name in pairs}
    if "mute" in given:
        given["mute"] = dict(given["mute"])
    if "levels" in given:
        given["levels"] = dict(map(_levels, given["levels"]))
    if "bands" in given:
        given["bands"] = dict(map(_bands, given["bands"]))
    return given


def _left_out(value: Any) -> bool:
    return value is None or value is False or value in ("", ())


def _beta(text: str) -> float | str:
    """Return a number where it is one; what is neither that nor auto is left for the configuration to refuse."""
    try:
        return float(text)
    except ValueError:
        return text


def _latents(text: str) -> int:
    if text == "auto":
        return 0
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) == 0:
        raise UsageError(f"--latents {text}: expected auto or a whole number from 1 on.")
    return int(text)


def _levels(text: str) -> tuple[str, list[str]]:
    """Split at the first equals sign, and levels at commas as in a CSV file, where quotes may hold a comma.

    Where a column's name holds an equals sign, the reader of the data moves its rest back from the first level.
    """
    name, _, value = text.partition("=")
    try:
        levels = next(csv.reader([value], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise UsageError(f"--levels {text}: a quote opens and does not close where its level ends.") from error
    if not name or not levels:
        raise UsageError(f"--levels {text}: expected COL=A,B,C.")
    return name, [level.strip() for level in levels]


def _bands(text: str) -> tuple[str, list[float]]:
    name, value = _pair(text, "--bands", "COL=A,B,C")
    try:
        return name, [float(bound) for bound in value.split(",")]
    except ValueError as error:
        raise UsageError(f"--bands {text}: expected numbers with commas between them, as in age=18,30,45.") from error


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
