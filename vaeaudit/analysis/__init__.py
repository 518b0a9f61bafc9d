"""Analysis: from latents and columns to typed results; NumPy, pandas, SciPy, no TensorFlow, nothing drawn."""

from vaeaudit.analysis.audit import audit, row_table, search_regions
from vaeaudit.analysis.density import LatentDensity, effective_sample_size, fit_density
from vaeaudit.analysis.find_pairs import find_pairs
from vaeaudit.analysis.inputs import AuditInputs, ModelFacts, RowScores
from vaeaudit.analysis.outlier_summary import flagged_table
from vaeaudit.analysis.picture_rows import region_key, region_rows, rows_to_picture, thumbnail_rows
from vaeaudit.analysis.region_points import points_of_regions
from vaeaudit.analysis.regions import RegionSearch
from vaeaudit.analysis.results.audit import AuditResults
from vaeaudit.analysis.row_pairs import RowPairs
from vaeaudit.analysis.row_scores import aspects_of, scores_of, stored_scores
from vaeaudit.analysis.rules import apply_rule, describe
from vaeaudit.analysis.scoring import score_rows

__all__ = [
    "AuditInputs",
    "AuditResults",
    "LatentDensity",
    "ModelFacts",
    "RegionSearch",
    "RowPairs",
    "RowScores",
    "apply_rule",
    "aspects_of",
    "audit",
    "describe",
    "effective_sample_size",
    "find_pairs",
    "fit_density",
    "flagged_table",
    "points_of_regions",
    "region_key",
    "region_rows",
    "row_table",
    "rows_to_picture",
    "score_rows",
    "scores_of",
    "search_regions",
    "stored_scores",
    "thumbnail_rows",
]
