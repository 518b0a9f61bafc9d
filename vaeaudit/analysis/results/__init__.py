"""Typed results: what `analysis` hands to `report`, a module per subject. Field names are those of `report.json`."""
