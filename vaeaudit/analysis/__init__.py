"""Analysis: from latents and columns to typed results; NumPy, pandas, SciPy, no TensorFlow, nothing drawn."""

from vaeaudit.analysis.audit import audit, row_table, search_regions
from vaeaudit.analysis.density import LatentDensity, effective_sample_size, fit_density
from vaeaudit.analysis.inputs import AuditInputs, ModelFacts, RowScores
from vaeaudit.analysis.outlier_summary import flagged_table
from vaeaudit.analysis.regions import RegionSearch
from vaeaudit.analysis.results import AuditResults
from vaeaudit.analysis.rules import apply_rule, describe
from vaeaudit.analysis.scoring import score_rows

__all__ = [
    "AuditInputs",
    "AuditResults",
    "LatentDensity",
    "ModelFacts",
    "RegionSearch",
    "RowScores",
    "apply_rule",
    "audit",
    "describe",
    "effective_sample_size",
    "fit_density",
    "flagged_table",
    "row_table",
    "score_rows",
    "search_regions",
]
