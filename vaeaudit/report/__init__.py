"""The report room: typed results become `report.html`, `report.json`, `rows.parquet` and CSV files.

Nothing here computes a statistic: numbers come from `vaeaudit.analysis` and are only arranged, put into words
and drawn. `document` and `to_html` are pure; `write` is the one function that touches the disk.
"""

from __future__ import annotations

from vaeaudit.report.document import document, json_schema
from vaeaudit.report.files import write, write_rebalance
from vaeaudit.report.html import to_html
from vaeaudit.report.sections import SECTION_IDS

__all__ = ["SECTION_IDS", "document", "json_schema", "to_html", "write", "write_rebalance"]
