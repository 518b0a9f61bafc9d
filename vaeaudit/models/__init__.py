"""Dataset -> BetaVAE -> LatentCodes: the only room that imports TensorFlow."""

from __future__ import annotations

from vaeaudit.models.quiet import native_stderr_held_back, without_collections

with native_stderr_held_back(), without_collections():
    # TensorFlow Probability first: where it finds TensorFlow imported, it imports its experiments and layers at once.
    import tensorflow_probability  # noqa: F401, I001
    import tensorflow

    tensorflow.constant(0)  # the first tensor makes it announce the processor
