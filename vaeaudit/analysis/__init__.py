"""Analysis: from latents and columns to typed results; NumPy, pandas, SciPy, no TensorFlow, nothing drawn."""

from vaeaudit.analysis.audit.audit import audit, row_table, search_regions
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.coverage.decoded_regions import USUAL
from vaeaudit.analysis.coverage.latent_points import points_of_regions, usual_points
from vaeaudit.analysis.coverage.placing import place_rows
from vaeaudit.analysis.coverage.regions import RegionSearch
from vaeaudit.analysis.duplicates.find_pairs import find_pairs
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.images.image_rows import region_rows, rows_to_picture
from vaeaudit.analysis.inputs import AuditInputs, ModelFacts, Reference
from vaeaudit.analysis.latents.latent_summary import thumbnail_rows
from vaeaudit.analysis.outliers.cell_summary import suspicious_table
from vaeaudit.analysis.outliers.described_cells import CheckedTable
from vaeaudit.analysis.outliers.reasons import reason_cells
from vaeaudit.analysis.outliers.summary import flagged_table
from vaeaudit.analysis.rebalancing.rebalance import Rebalanced, rebalance
from vaeaudit.outputs.companion_scores import CompanionScores
from vaeaudit.outputs.histograms import effective_sample_size
from vaeaudit.outputs.region_rules import RegionRule, region_key, regions_from_dict, regions_to_dict
from vaeaudit.outputs.row_pairs import RowPairs
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.cells import PARTNER_NATS, cell_p_values, cells_looked_at, consequences
from vaeaudit.scoring.companions import companion_scores
from vaeaudit.scoring.rarity.density import LatentDensity, fit_density
from vaeaudit.scoring.rarity.rareness import Rareness
from vaeaudit.scoring.rarity.weights import dbvae_weight, resampling_weight
from vaeaudit.scoring.row_table import aspects_of, scores_of, stored_scores, table_of_rows
from vaeaudit.scoring.table_score import score_rows

__all__ = [
    "PARTNER_NATS",
    "USUAL",
    "AuditInputs",
    "AuditResults",
    "CheckedTable",
    "CompanionScores",
    "LatentDensity",
    "ModelFacts",
    "Rareness",
    "Rebalanced",
    "Reference",
    "RegionRule",
    "RegionSearch",
    "RowPairs",
    "RowScores",
    "apply_rule",
    "aspects_of",
    "audit",
    "cell_p_values",
    "cells_looked_at",
    "companion_scores",
    "consequences",
    "dbvae_weight",
    "effective_sample_size",
    "find_pairs",
    "fit_density",
    "flagged_table",
    "place_rows",
    "points_of_regions",
    "reason_cells",
    "rebalance",
    "region_key",
    "region_rows",
    "regions_from_dict",
    "regions_to_dict",
    "resampling_weight",
    "row_table",
    "rows_to_picture",
    "score_rows",
    "scores_of",
    "search_regions",
    "stored_scores",
    "suspicious_table",
    "table_of_rows",
    "thumbnail_rows",
    "usual_points",
]
