"""vaeaudit: audit a dataset before you train on it.

`fit` learns a dataset with a beta-VAE, `report` says in one HTML file who is missing from it, which rows do not belong,
what its hidden axes encode and how fair it is; `audit` does both. Importing the package imports neither TensorFlow nor
pandas: names are looked up when they are used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # as `_WHERE` has it, for type checkers and editors
    from vaeaudit.config import FitConfig
    from vaeaudit.data.dataset import Dataset
    from vaeaudit.errors import VaeauditError
    from vaeaudit.models.vae import BetaVAE
    from vaeaudit.outputs.latents import LatentCodes
    from vaeaudit.runs.reading import load_run
    from vaeaudit.workflow.audited import Audit
    from vaeaudit.workflow.check import Checked, check
    from vaeaudit.workflow.fit import fit
    from vaeaudit.workflow.generate import Generated, generate
    from vaeaudit.workflow.reading import inspect
    from vaeaudit.workflow.rebalance import Rebalancing, rebalance
    from vaeaudit.workflow.report import audit, report
    from vaeaudit.workflow.review import Reviewed, review
    from vaeaudit.workflow.score import Scores, score

__version__ = "0.1.0"

_WHERE = {
    "Audit": "vaeaudit.workflow.audited",
    "Checked": "vaeaudit.workflow.check",
    "Generated": "vaeaudit.workflow.generate",
    "Rebalancing": "vaeaudit.workflow.rebalance",
    "Reviewed": "vaeaudit.workflow.review",
    "Scores": "vaeaudit.workflow.score",
    "audit": "vaeaudit.workflow.report",
    "check": "vaeaudit.workflow.check",
    "fit": "vaeaudit.workflow.fit",
    "generate": "vaeaudit.workflow.generate",
    "inspect": "vaeaudit.workflow.reading",
    "rebalance": "vaeaudit.workflow.rebalance",
    "report": "vaeaudit.workflow.report",
    "review": "vaeaudit.workflow.review",
    "score": "vaeaudit.workflow.score",
    "load_run": "vaeaudit.runs.reading",
    "BetaVAE": "vaeaudit.models.vae",
    "Dataset": "vaeaudit.data.dataset",
    "FitConfig": "vaeaudit.config",
    "LatentCodes": "vaeaudit.outputs.latents",
    "VaeauditError": "vaeaudit.errors",
}

__all__ = [
    "Audit",
    "BetaVAE",
    "Checked",
    "Dataset",
    "FitConfig",
    "Generated",
    "LatentCodes",
    "Rebalancing",
    "Reviewed",
    "Scores",
    "VaeauditError",
    "__version__",
    "audit",
    "check",
    "fit",
    "generate",
    "inspect",
    "load_run",
    "rebalance",
    "report",
    "review",
    "score",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'vaeaudit' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """The package, whose `report` stays the function once the room of the same name was imported.

    Importing a module sets it on its parent: `vaeaudit.report`, the room, would take the function's place.
    """

    @property
    def report(self) -> Any:
        return __getattr__("report")

    @report.setter
    def report(self, room: ModuleType) -> None:
        """Leave the function in place; `from vaeaudit.report import ...` does not need the attribute."""


sys.modules[__name__].__class__ = _Package
