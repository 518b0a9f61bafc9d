"""Generated data, and planted faults, whose truth is known: for the demo, the power of an audit, tests, benchmarks."""

from __future__ import annotations

from vaeaudit.samples.people import People, PlantedGap, matching, people

__all__ = ["People", "PlantedGap", "matching", "people"]
