"""Fit PyOD's VAE to a table with PyOD's own settings and score its rows; runs in .peers/tables.

Numbers stay numbers, categories become indicators, missing numbers the median: the usual preparation, since PyOD's VAE
takes numbers only. PyOD standardises them itself.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
from pyod.models.vae import VAE


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    arguments = parser.parse_args()
    frame = pd.read_csv(arguments.table, na_values=["?"], skipinitialspace=True)
    numbers = frame.select_dtypes("number")
    indicators = pd.get_dummies(frame.select_dtypes(exclude="number"), dummy_na=True)
    x = pd.concat([numbers.fillna(numbers.median()), indicators], axis=1).to_numpy(np.float32)
    model = VAE(device="cpu", verbose=0)
    model.fit(x)
    print(json.dumps({"rows": len(x), "columns": x.shape[1], "epochs": model.epoch_num, "batch": model.batch_size}))


if __name__ == "__main__":
    main()
