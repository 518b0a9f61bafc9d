"""Protocol `speed`: whole processes in turn on one machine, medians, the machine's noise shown as min and max.

    python -m benchmarks.speed [--part PART ...] [--data PATH] [--pictures PATH [--array-key NAME]] [--repeats K]

Each part is printed as tables and replaces only its own tables in results/speed.json. Parts:

    commands        `--help`, `fit` and `report` on Adult
    input_pipeline  batches per second alone, against steps of training
    analysis        the audit of generated rows: 12,500, 25,000 and 50,000 rows x 16 latents x 100 columns
    checks          single questions within `audit` of 10,000 x 30 generated cells: CPU seconds
    scaling         Adult x 1, x 10, x 100: seconds and peak memory (minutes)
    peers           `fit` and `report` on Adult against PyOD's VAE and ydata-profiling (needs `make peers`)
    images          training on 64 x 64 pixels against pythae's BetaVAE (needs `make peers`)
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import record, speed_analysis, speed_checks, speed_images, speed_tables

Tables = dict[str, list[dict[str, Any]]]
_PICTURES = "images/fairface_64/train"
#: Order of the tables in the results; what is measured is said first.
_ORDER = ("parts", "commands", "analysis", "checks", "peers", "input_pipeline", "scaling", "images")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--pictures", type=Path, help=f"folder or .npz of pictures; DATA/{_PICTURES} by default")
    parser.add_argument("--array-key", help="which array of that .npz, where it holds several")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--part", choices=_ORDER[1:], action="append", help="may be repeated; commands, input_pipeline")
    arguments = parser.parse_args()
    for part in arguments.part or ("commands", "input_pipeline"):
        load_before = os.getloadavg()[0]
        data, measure = _plan(part, arguments)
        tables = measure()
        for name, rows in tables.items():
            print(f"\n{name}\n{record.table(rows)}", flush=True)
        _keep(part, data, load_before, tables)


def _plan(part: str, arguments: argparse.Namespace) -> tuple[str, Callable[[], Tables]]:
    """Return what a part measures on, in words, and the measurement."""
    if part == "images":
        pictures = arguments.pictures or record.require(arguments.data, _PICTURES)
        source = "images/fairface_64 (FairFace)" if arguments.pictures is None else pictures.name
        return f"{source}, 64 x 64", lambda: speed_images.measure(
            pictures, arguments.repeats, array_key=arguments.array_key
        )
    if part in ("analysis", "checks"):
        generated = speed_analysis if part == "analysis" else speed_checks
        return "generated", lambda: {part: generated.measure(arguments.repeats)}
    adult = record.require(arguments.data, "tables/adult.csv")
    measures: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "commands": lambda: speed_tables.whole_commands(adult, arguments.repeats),
        "input_pipeline": lambda: speed_tables.pipeline(adult),
        "scaling": lambda: speed_tables.scaling(adult),
        "peers": lambda: speed_tables.against_peers(adult, arguments.repeats),
    }
    return "tables/adult.csv (UCI Adult, 48,842 x 15)", lambda: {part: measures[part]()}


def _keep(part: str, data: str, load_before: float, tables: Tables) -> None:
    """Replace the tables of one part in the results; the others stay, each with its own date and versions."""
    path = record.RESULTS / "speed.json"
    figures: Tables = json.loads(path.read_text(encoding="utf-8"))["figures"] if path.exists() else {}
    figures = {name: rows for name, rows in figures.items() if _part_of(name) != part} | tables
    measured = [row for row in figures.get("parts", []) if row["part"] != part]
    measured.append(
        {
            "part": part,
            "data": data,
            "date": datetime.now(UTC).date().isoformat(),
            "cores": os.cpu_count(),
            "load before": load_before,  # what others ran on the machine; PyTorch's threads suffer most from it
            "vaeaudit": version("vaeaudit"),
            "tensorflow": version("tensorflow"),
        }
    )
    figures["parts"] = sorted(measured, key=lambda row: _ORDER.index(row["part"]))
    ordered = {name: figures[name] for name in sorted(figures, key=lambda name: _ORDER.index(_part_of(name)))}
    record.write("speed", ordered, data="as named in `parts`")


def _part_of(table: str) -> str:
    return "images" if table.startswith("images_") else table


if __name__ == "__main__":
    main()
