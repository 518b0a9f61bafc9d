"""Dataset -> BetaVAE -> LatentCodes: the only room that imports TensorFlow."""

from __future__ import annotations

from vaeaudit.models.quiet import native_stderr_held_back

with native_stderr_held_back():
    import tensorflow
    import tensorflow_probability  # noqa: F401

    tensorflow.constant(0)  # the first tensor makes it announce the processor
