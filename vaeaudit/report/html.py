"""`report.html`: one file that opens from disk, fetches nothing and treats all text of the data as text."""

from __future__ import annotations

import base64
import gzip
import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

import vaeaudit
from vaeaudit.analysis.results import AuditResults
from vaeaudit.report.blocks import Group, Section
from vaeaudit.report.sections import SECTION_IDS, all_sections
from vaeaudit.report.summary import summarise
from vaeaudit.report.wording import clean

_SPACE_BEFORE_PERCENT = re.compile(r"(?<=\d) %")

__all__ = ["SECTION_IDS", "to_html"]


def to_html(results: AuditResults) -> str:
    """Render the page.

    The figures are JSON blocks that a script on the page draws as they come into view; plotly.js travels inside the
    page, compressed (4.8 MB become 2.0 MB). Every number of a figure also stands in a table, which needs no script.

    Parameters
    ----------
    results
        What the analysis found.
    """
    sections = all_sections(results)
    return (
        _environment()
        .get_template("page.html")
        .render(
            summary=summarise(results),
            sections=sections,
            has_figures=any(_has_figure(section) for section in sections),
            plotly=_compressed_plotly(),
            version=vaeaudit.__version__,
        )
    )


def _environment() -> Environment:
    """Escape everything: no template marks text of the data as safe. `tojson` escapes `<`, `>`, `&` and `'`."""
    environment = Environment(
        loader=PackageLoader("vaeaudit.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    # ASCII alone: U+2028 and U+2029 end a line in scripts; NaN is a defect, as it is in report.json.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":"), "ensure_ascii": True}
    return environment


def _visible(value: Any) -> Any:
    """Drop invisible characters from text, and keep numbers and their per-cent signs on one line."""
    return _SPACE_BEFORE_PERCENT.sub("\N{NO-BREAK SPACE}%", clean(value)) if type(value) is str else value


def _has_figure(part: Section | Group) -> bool:
    return any(block.kind == "figure" or (isinstance(block, Group) and _has_figure(block)) for block in part.blocks)


def _compressed_plotly() -> str:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - only a page needs it, and it is slow to import

    return base64.b64encode(gzip.compress(get_plotlyjs().encode("utf-8"), compresslevel=9, mtime=0)).decode("ascii")
