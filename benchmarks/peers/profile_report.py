"""Write ydata-profiling's minimal report of a table; runs in .peers/tables."""

from __future__ import annotations

import argparse

import pandas as pd
from ydata_profiling import ProfileReport


def main() -> None:
    """Read, profile and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("out")
    arguments = parser.parse_args()
    frame = pd.read_csv(arguments.table, na_values=["?"], skipinitialspace=True)
    ProfileReport(frame, minimal=True, progress_bar=False).to_file(arguments.out, silent=True)


if __name__ == "__main__":
    main()
