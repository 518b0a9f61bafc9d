"""The entry point: finds the command, turns errors into one or two lines and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import sys
import traceback
from importlib import import_module

import click

from vaeaudit import __version__
from vaeaudit.cli.options import printable
from vaeaudit.errors import UsageError, VaeauditError
from vaeaudit.storage.files import cannot_write

#: In the order in which they are used; each is the module of the same name in this folder.
COMMANDS = (
    *("inspect", "audit", "fit", "report", "check", "score", "review", "rebalance", "generate", "explain", "demo"),
)
EXIT_INTERNAL = 4
EXIT_INTERRUPTED = 130
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
#: What the system says where a file cannot be written; our own files say so by a `UsageError`.
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)}


class _Commands(click.Group):
    """Imports a command's module when it is asked for; none of them imports TensorFlow or pandas at the top."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"vaeaudit.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - a fact about this folder, not about input
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="vaeaudit")
def cli() -> None:
    """Audit a dataset before you train on it.

    `fit` learns it with a beta-VAE, `report` says in one HTML file who is missing, which rows do not belong, what the
    hidden axes encode, and how fair it is; `audit` does both.

    Exit codes: 0 done; 1 `check` fails; 2 unusable input or options; 3 inconclusive (too little to tell); 4 internal
    error; 130 interrupted.
    """


def main() -> None:
    """Run the command line and exit.

    Garbage in circles is looked for seldom, and not at the end: TensorFlow and pandas are a million objects that all
    stay, and looking through them again and again took a tenth of a quick fit.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command; return its exit code."""
    if sys.stdout is None:  # closed by whoever started us; its descriptor would go to the next file that is opened
        _say("vaeaudit: standard output is closed: there is nowhere to print the result.")
        return UsageError.exit_code
    try:
        left_by = cli.main(args=arguments, prog_name="vaeaudit", standalone_mode=False)
        sys.stdout.flush()
        code = left_by if isinstance(left_by, int) else 0  # a command that leaves by `Context.exit` gives its code
    except (click.ClickException, VaeauditError) as error:
        _say_what_to_do(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("vaeaudit: interrupted.")
        return EXIT_INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has seen enough (Rich then asks to exit with 1, which here says that a gate failed).
        _silence()
        code = 0
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            _silence()
            where = error.filename or "standard output or a temporary file"
            _say("\n".join([f"vaeaudit: {cannot_write(where, error)}", *_notes(error)]))
            return UsageError.exit_code
        if "-v" in arguments or "--verbose" in arguments:
            _say("".join(traceback.format_exception(error)).rstrip())
        # The system says no for reasons of its own (a file system that went away).
        what = "" if isinstance(error, OSError) else "This is a defect. "
        said = f"vaeaudit: internal error: {type(error).__name__}: {error}\n{what}-v shows where it happened."
        _say("\n".join([said, *_notes(error)]))
        return EXIT_INTERNAL
    return code


def _notes(error: Exception) -> list[str]:
    """Return what was added to the error on its way, such as how to go on."""
    return getattr(error, "__notes__", [])


def _silence() -> None:
    """Let Python find nothing to complain about when it flushes standard output at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_what_to_do(error: click.ClickException | VaeauditError) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        _say(f"vaeaudit: {error.format_message()}\n`{error.ctx.command_path} --help` lists what it takes.")
    else:
        _say(f"vaeaudit: {error.format_message() if isinstance(error, click.ClickException) else error}")


def _say(text: str) -> None:
    click.echo("\n".join(printable(line) for line in text.split("\n")), err=True)
