"""SliceLine (Sagadeeva and Boehm 2021) on integer codes; runs in .peers/slices.

The table is a .npz with `codes` [N, C], from 1 on, and `errors` [N]; the slices come back as one line of JSON, each
with the code that it asks of a column, or null.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from sliceline.slicefinder import Slicefinder


def main() -> None:
    """Find the slices of largest error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("--slices", type=int, default=5)
    parser.add_argument("--conditions", type=int, default=2)
    arguments = parser.parse_args()
    with np.load(arguments.table) as table:
        codes, errors = table["codes"], table["errors"]
    # With the usual alpha of 0.95, and with its default of 0.6, no slice of the planted tables scores above 0.
    finder = Slicefinder(alpha=0.99, k=arguments.slices, max_l=arguments.conditions, min_sup=0.01, verbose=False)
    finder.fit(codes, errors)
    slices = [[None if code is None else int(code) for code in entry] for entry in finder.top_slices_]
    print(json.dumps({"slices": slices[: arguments.slices]}))


if __name__ == "__main__":
    main()
