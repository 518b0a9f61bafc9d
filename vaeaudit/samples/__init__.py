"""Generated data whose truth is known, for the demo, the tests and the benchmarks."""

from __future__ import annotations

from vaeaudit.samples.people import People, PlantedGap, matching, people

__all__ = ["People", "PlantedGap", "matching", "people"]
