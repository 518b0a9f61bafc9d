"""Peers: what vaeaudit is compared with, each in an environment of its own below .peers/, made by `make peers`.

`<name>.txt` pins what is installed into `.peers/<name>`. The other modules here run inside those environments, as
processes; they import nothing of vaeaudit and print one line of JSON.
"""

from __future__ import annotations

import os
from pathlib import Path

_HERE = Path(__file__).parent
_ENVIRONMENTS = _HERE.parent.parent / ".peers"


def require(name: str) -> list[str]:
    """Return the start of a command line in the environment of a peer, or say how to make it and exit with 2."""
    folder = _ENVIRONMENTS / name
    if not (folder / ".installed").exists():
        print(f"The peers of this benchmark ({name}) are not installed: run `make peers` first.")
        print(
            f"It makes one environment per file benchmarks/peers/*.txt below {_ENVIRONMENTS.name}/, about 2 GB in all."
        )
        raise SystemExit(2)
    return [str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")]


def command(name: str, script: str, *arguments: str) -> list[str]:
    """Return the command line that runs a script of this folder in the environment of a peer."""
    return [*require(name), str(_HERE / script), *arguments]
