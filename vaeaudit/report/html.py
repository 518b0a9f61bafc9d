"""`report.html`: one file that opens from disk, fetches nothing and treats all text of the data as text."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

import vaeaudit
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.report.parts.blocks import Figure, Group, Section
from vaeaudit.report.parts.galleries import gradient
from vaeaudit.report.sections import SECTION_IDS, all_sections
from vaeaudit.report.summary import summarise
from vaeaudit.wording.phrases import clean

_SPACE_BEFORE_PERCENT = re.compile(r"(?<=[\d\]]) %")

__all__ = ["SECTION_IDS", "to_html"]


def to_html(results: AuditResults) -> str:
    """Render the page.

    A script on the page draws the figures as they come into view; they travel inside it as compressed JSON (a tenth of
    its size), and so does plotly.js (4.8 MB become 2.0 MB). Every number of a figure also stands in a table, which
    needs no script; pictures need none either.

    Parameters
    ----------
    results
        What the analysis found.
    """
    sections = all_sections(results)
    return (
        environment()
        .get_template("page.html")
        .render(
            summary=summarise(results),
            sections=sections,
            figures=_compressed_figures(sections),
            plotly=_compressed_plotly(),
            ramp=gradient(),
            version=vaeaudit.__version__,
        )
    )


@cache  # templates are compiled once
def environment() -> Environment:
    """Escape everything: no template marks text of the data as safe."""
    return Environment(
        loader=PackageLoader("vaeaudit.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )


def _visible(value: Any) -> Any:
    """Drop invisible characters from text, and keep numbers and their per-cent signs on one line."""
    return _SPACE_BEFORE_PERCENT.sub("\N{NO-BREAK SPACE}%", clean(value)) if type(value) is str else value


def _compressed_figures(sections: Sequence[Section]) -> str:
    """Return what the figures are drawn from, figure id -> specification; empty where there is no figure.

    NaN is a defect here, as it is in `report.json`.
    """
    specs = {figure.id: figure.spec for section in sections for figure in _figures(section)}
    return _compressed(json.dumps(specs, allow_nan=False, separators=(",", ":"))) if specs else ""


def _figures(part: Section | Group) -> Iterator[Figure]:
    for block in part.blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Group):
            yield from _figures(block)


@cache
def _compressed_plotly() -> str:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - only a page needs it, and it is slow to import

    return _compressed(get_plotlyjs())


def _compressed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)).decode("ascii")
