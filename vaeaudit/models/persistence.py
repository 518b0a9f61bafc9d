"""A trained model as plain JSON and plain arrays, and back: nothing in between can execute code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding import Encoding
from vaeaudit.errors import RunError
from vaeaudit.models.vae import BetaVAE

FORMAT = "vaeaudit-beta-vae-1"


def architecture(model: BetaVAE) -> dict[str, Any]:
    """Return what is needed to rebuild the network, as plain JSON; the encoding is stored with the schema."""
    return {
        "format": FORMAT,
        "config": model.config.to_dict(),
        "columns": list(model.encoding.names),
        "weights": [{"name": weight.path, "shape": list(weight.shape)} for weight in model.weights],
    }


def weights(model: BetaVAE) -> dict[str, npt.NDArray[Any]]:
    """Return all weights as arrays named by position."""
    return {f"weight_{index:03d}": value for index, value in enumerate(model.get_weights())}


def rebuild(
    document: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], encoding: Encoding, *, seed: int
) -> BetaVAE:
    """Rebuild a model from `architecture` and `weights`.

    Raises
    ------
    RunError
        Where format, columns or a weight's shape are not what the architecture needs.
    """
    if document.get("format") != FORMAT:
        raise RunError(f"model: expected the format {FORMAT!r}, found {document.get('format')!r}.")
    if tuple(document["columns"]) != encoding.names:
        raise RunError("model: its columns are not those of the run's schema.")
    model = BetaVAE(encoding, ModelConfig.from_dict(document["config"]), seed=seed)
    loaded = [np.asarray(arrays[name]) for name in sorted(arrays)]
    needed = [tuple(weight.shape) for weight in model.weights]
    if [value.shape for value in loaded] != needed:
        raise RunError("model: the stored weights do not have the shapes that its architecture needs.")
    model.set_weights(loaded)
    return model
