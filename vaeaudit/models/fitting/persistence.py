"""A trained model as plain JSON and plain arrays, and back: nothing in between can execute code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding.rows import AnyEncoding
from vaeaudit.errors import RunError, UsageError
from vaeaudit.models.fitting.build import build
from vaeaudit.models.vae import BetaVAE

FORMAT = "vaeaudit-beta-vae-3"


def architecture(model: BetaVAE) -> dict[str, Any]:
    """Return what is needed to rebuild the network, as plain JSON; the encoding is stored with the schema.

    Parameters
    ----------
    model
        Trained or not.
    """
    return {
        "format": FORMAT,
        "config": model.config.to_dict(),
        "columns": list(model.encoding.names),
        "weights": [{"name": weight.path, "shape": list(weight.shape)} for weight in model.weights],
    }


def weights(model: BetaVAE) -> dict[str, npt.NDArray[Any]]:
    """Return all weights as arrays named by position.

    Parameters
    ----------
    model
        Trained or not.
    """
    return {f"weight_{index:03d}": value for index, value in enumerate(model.get_weights())}


def rebuild(
    document: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], encoding: AnyEncoding, *, seed: int
) -> BetaVAE:
    """Rebuild a model from `architecture` and `weights`.

    Parameters
    ----------
    document, arrays
        What these two returned.
    encoding
        Of the model's columns, in its order.
    seed
        Of the noise.

    Raises
    ------
    RunError
        Where format, columns or a weight's shape or type are not what the architecture needs.
    """
    if document.get("format") != FORMAT:
        raise RunError(f"model: expected the format {FORMAT!r}, found {document.get('format')!r}.")
    if tuple(document.get("columns", ())) != encoding.names:
        raise RunError("model: its columns are not those of the run's schema.")
    model = build(encoding, _config_of(document), seed=seed)
    loaded = [np.asarray(arrays[name]) for name in sorted(arrays)]
    needed = [tuple(weight.shape) for weight in model.weights]
    if [value.shape for value in loaded] != needed or any(value.dtype.kind != "f" for value in loaded):
        raise RunError("model: the stored weights do not have the shapes and types that its architecture needs.")
    model.set_weights(loaded)
    return model


def _config_of(document: Mapping[str, Any]) -> ModelConfig:
    try:
        config = ModelConfig.from_dict(document["config"])
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise RunError(f"model: its configuration cannot be used ({error}).") from error
    if config.latents < 1:
        raise RunError(f"model: expected at least 1 latent in its configuration, found {config.latents}.")
    return config
