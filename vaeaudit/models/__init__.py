"""Dataset -> BetaVAE -> LatentCodes: the only room that imports TensorFlow, here and without its announcements.

TensorFlow 2.21 writes several lines about its build to file descriptor 2 while it is imported, whatever
`TF_CPP_MIN_LOG_LEVEL` says (they come before its logging is set up). They say nothing about the user's data.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_stderr_held_back() -> Iterator[None]:
    """Hold back what native code writes to stderr; an exception lets it out again, since it may say why."""
    if sys.stderr is None:  # closed by whoever started us: descriptor 2 may be some other file by now
        yield
        return
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(original, held.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)


@contextmanager
def without_collections() -> Iterator[None]:
    """Collect no garbage meanwhile: an import makes hundreds of thousands of objects, and drops few of them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


with native_stderr_held_back(), without_collections():
    # TensorFlow Probability first: where it finds TensorFlow imported, it imports its experiments and layers at once.
    import tensorflow_probability  # noqa: F401, I001
    import tensorflow

    tensorflow.constant(0)  # the first tensor makes it announce the processor
