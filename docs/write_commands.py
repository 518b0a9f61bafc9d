"""Write docs/commands.md from the commands' own help, so that the two cannot differ: `make docs`."""

from __future__ import annotations

from pathlib import Path

from vaeaudit.cli.main import COMMANDS, cli

PAGE = Path(__file__).with_name("commands.md")
#: Characters per line of the help, whatever the width of the terminal.
WIDTH = 100
HEAD = """\
# Commands

Written by `make docs` from the help of the commands themselves; a test fails where the two differ. What goes in is
described in [data.md](data.md), what comes out in [report.md](report.md), the exit codes in the [README](../README.md).
"""


def render() -> str:
    """Return the whole page."""
    with cli.make_context(
        "vaeaudit", [], resilient_parsing=True, max_content_width=WIDTH, terminal_width=WIDTH
    ) as root:
        parts = [HEAD, section("vaeaudit", cli.get_help(root))]
        for name in COMMANDS:
            command = cli.get_command(root, name)
            assert command is not None  # noqa: S101 - COMMANDS lists what there is
            with command.make_context(name, [], parent=root, resilient_parsing=True) as own:
                parts.append(section(f"vaeaudit {name}", command.get_help(own)))
    return "\n".join(parts)


def section(title: str, text: str) -> str:
    """Return a heading and the help as it is printed."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"## {title}\n\n```text\n{lines}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
