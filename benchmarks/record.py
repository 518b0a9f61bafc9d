"""What all benchmarks share: whole processes measured, results written as data, the README rendered from them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
#: Where the data of the protocols is looked for unless --data says otherwise: beside the checkout.
DATA = FOLDER.parent.parent / "shared" / "data"


@dataclass(frozen=True)
class Measured:
    """One finished process: wall and CPU seconds, peak memory in MiB, what it printed."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    stdout: str


def process(arguments: Sequence[str], *, cwd: Path | None = None) -> Measured:
    """Run a command to its end and measure it as the operating system accounts for it.

    Raises
    ------
    RuntimeError
        Where it fails; what it printed is in the message.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        child = subprocess.Popen(arguments, stdout=out, stderr=err, cwd=cwd)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
        if child.returncode:
            err.seek(0)
            raise RuntimeError(f"{' '.join(arguments)} exited with {child.returncode}: {err.read().decode()[-2000:]}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)


def command(*arguments: str) -> list[str]:
    """Return the command line of `vaeaudit` in the environment that this runs in."""
    return [str(Path(sys.executable).with_name("vaeaudit")), *arguments]


def require(data: Path, name: str) -> Path:
    """Return a data file, or say how to get it and exit with 2."""
    path = data / name
    if not path.exists():
        print(f"{path} is not there. Sources and licences of the data are listed in benchmarks/README.md;")
        print("put the files into one folder, named as there, and pass it as --data.")
        raise SystemExit(2)
    return path


def write(
    name: str,
    figures: Mapping[str, Any],
    *,
    data: str,
    seeds: Sequence[int] = (0,),
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write `results/<name>.json`: the figures, what they were measured with, and details that are not rendered."""
    RESULTS.mkdir(exist_ok=True)
    packages = ("vaeaudit", "tensorflow", "keras", "tensorflow-probability", "numpy", "pandas", "scikit-learn")
    document = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "versions": {package: version(package) for package in packages},
        "data": data,
        "seeds": list(seeds),
        "figures": figures,
        **(details or {}),
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def figures_of(name: str) -> dict[str, Any]:
    """Return the figures that `results/<name>.json` holds, of parts that were measured before; none without it."""
    path = RESULTS / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["figures"]) if path.exists() else {}


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a Markdown table; numbers with three significant digits, nothing where a row lacks a column."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [" | ".join(names), " | ".join("---" for _ in names)]
    lines += [" | ".join(_cell(row.get(name, "")) for name in names) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
