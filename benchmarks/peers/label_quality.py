"""cleanlab's label quality scores; runs in .peers/labels.

The input is a .npz with `labels` [N] and `said` [N, K], probabilities out of fold; per method the scores [N] come
back as one line of JSON, low where a label is suspicious.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from cleanlab.rank import get_label_quality_scores


def main() -> None:
    """Score the labels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("said")
    parser.add_argument("methods", nargs="+")
    arguments = parser.parse_args()
    with np.load(arguments.said) as held:
        labels, said = held["labels"], held["said"]
    said = said / said.sum(axis=1, keepdims=True)
    print(
        json.dumps({each: get_label_quality_scores(labels, said, method=each).tolist() for each in arguments.methods})
    )


if __name__ == "__main__":
    main()
