"""The sections of the page, in reading order: results in, blocks out."""

from __future__ import annotations

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.report.parts.blocks import Section
from vaeaudit.report.sections.changes import changes
from vaeaudit.report.sections.disparities import disparities
from vaeaudit.report.sections.duplicates import duplicates
from vaeaudit.report.sections.group_views import group_views
from vaeaudit.report.sections.label import label
from vaeaudit.report.sections.latents import latents
from vaeaudit.report.sections.missing import missing
from vaeaudit.report.sections.model import model
from vaeaudit.report.sections.outliers import outliers
from vaeaudit.report.sections.power import power
from vaeaudit.report.sections.predictions import predictions
from vaeaudit.report.sections.proxies import proxies
from vaeaudit.report.sections.reading import quality, reading, reproduce
from vaeaudit.report.sections.regions import regions
from vaeaudit.report.sections.representation import comparison, representation
from vaeaudit.report.sections.rules import rules

_SECTIONS = {
    "representation": representation,
    "regions": regions,
    "comparison": comparison,
    "outliers": outliers,
    "latents": latents,
    "proxies": proxies,
    "label": label,
    "changes": changes,
    "disparities": disparities,
    "predictions": predictions,
    "group-views": group_views,
    "duplicates": duplicates,
    "rules": rules,
    "model": model,
    "power": power,
    "missing": missing,
    "quality": quality,
    "reading": reading,
    "reproduce": reproduce,
}

#: Anchors that a finding may link to.
SECTION_IDS = tuple(_SECTIONS)


def all_sections(results: AuditResults) -> list[Section]:
    """Build every section; each carries the id that it stands under in `SECTION_IDS`."""
    return [build(results) for build in _SECTIONS.values()]
