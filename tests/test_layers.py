"""Imports run one way, and what a room must not do is not done in it. The rules are the tables below."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "vaeaudit"

FOUNDATIONS = {"errors", "config", "latents", "latent_histograms", "pictures", "progress", "storage", "outputs"}
DATA = FOUNDATIONS | {"data"}
WORDING = DATA | {"wording"}
ANALYSIS = WORDING | {"analysis"}
LEARNING = {
    *("learning", "isolating", "table_scores", "cell_checks", "detecting"),
    *("unseen", "decoding", "judging", "run_inputs"),
}
PIPELINE = ANALYSIS | LEARNING | {"models", "runs", "report"}

#: Room, or module beside the rooms -> what of vaeaudit it may import. What is not named here may not exist.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": FOUNDATIONS,
    "config": FOUNDATIONS,
    "outputs": {"errors", "outputs"},
    "latents": FOUNDATIONS,
    "latent_histograms": FOUNDATIONS,
    "pictures": FOUNDATIONS,
    "progress": FOUNDATIONS,
    "storage": {"errors", "storage"},
    "data": DATA,
    "models": DATA | {"models"},
    "runs": ANALYSIS | {"runs"},
    "wording": {"errors", "config", "data", "wording"},
    "analysis": ANALYSIS,
    "report": {"errors", "pictures", "wording", "analysis", "report", "storage"},
    "samples": {"errors", "samples"},
    "isolating": ANALYSIS | {"models"},
    "table_scores": ANALYSIS | {"models", "isolating"},
    "detecting": ANALYSIS | {"models", "table_scores"},
    "sklearn": ANALYSIS | {"detecting"},
    "cell_checks": ANALYSIS | {"models"},
    "learning": ANALYSIS | {"models", "runs", "table_scores"},
    "run_inputs": ANALYSIS | {"runs"},
    "unseen": ANALYSIS | {"models", "runs", "learning", "table_scores", "cell_checks"},
    "decoding": ANALYSIS | {"models"},
    "judging": ANALYSIS | {"models", "runs", "learning", "cell_checks", "decoding", "run_inputs"},
    "pipeline": PIPELINE,
    "demonstration": PIPELINE | {"pipeline", "samples"},
    "cli": {"errors", "config", "progress", "wording", "storage", "pipeline", "demonstration", "cli"},
    "__init__": set(),
}

#: Package from elsewhere -> the only rooms that may import it.
ONLY_IN: dict[str, set[str]] = {
    "tensorflow": {"models"},
    "tensorflow_probability": {"models"},
    "keras": {"models"},
    "tf_keras": {"models"},
    "plotly": {"report"},
    "jinja2": {"report"},
    "click": {"cli"},
    "rich": {"cli"},
    "sklearn": {"analysis", "sklearn"},
    "scipy": {"analysis", "models"},
    "pydantic": {"runs"},
}

#: Packages that can run what a file holds, or reach a network.
NOWHERE = {
    *("pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal", "subprocess"),
    *("requests", "urllib", "urllib3", "http", "httpx", "aiohttp", "socket", "ftplib", "smtplib", "ssl"),
}
#: Built-in functions that are never called: results are returned, text is not code.
NEVER_CALLED = {"print", "eval", "exec", "compile", "__import__", "breakpoint", "input"}
#: Imports by name escape this walk, so only the two files that need them to stay fast may make them.
IMPORTS_BY_NAME = {"__init__.py", "cli/main.py"}
#: Names of drawers into which everything goes.
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}


@dataclass(frozen=True)
class Import:
    """One import: the module, the name taken from it (None for the module itself), what it is called, and where."""

    module: str
    name: str | None
    alias: str
    line: int

    @property
    def parts(self) -> list[str]:
        return self.module.split(".") + ([self.name] if self.name else [])


def imports_of(tree: ast.AST) -> Iterator[Import]:
    """Yield all imports of a module: at the top, in functions, and under TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for entry in node.names:
                yield Import(entry.name, None, entry.asname or entry.name.split(".")[0], node.lineno)
        elif isinstance(node, ast.ImportFrom):
            for entry in node.names:
                yield Import(
                    "." * node.level + (node.module or ""), entry.name, entry.asname or entry.name, node.lineno
                )


def room_of(file: Path, package: Path) -> str:
    return file.relative_to(package).parts[0].removesuffix(".py")


def violations(package: Path) -> list[str]:
    """Return one line for each rule that a file of the package breaks."""
    found = []
    for file in sorted(package.rglob("*.py")):
        name, room = file.relative_to(package).as_posix(), room_of(file, package)
        if room not in MAY_IMPORT:
            found.append(f"{name}: no rule says what the room {room!r} may import")
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imports = list(imports_of(tree))
        messages = [*wrong_imports(room, imports), *private_names(tree, room, imports), *wrong_calls(tree, name)]
        found += [f"{name}:{line}: {message}" for line, message in messages]
        if DRAWERS & {part.removesuffix(".py") for part in file.relative_to(package).parts}:
            found.append(f"{name}: a drawer for everything")
    return found


def wrong_imports(room: str, imports: list[Import]) -> Iterator[tuple[int, str]]:
    for entry in imports:
        top = entry.parts[0]
        if entry.module.startswith("."):
            yield entry.line, "a relative import; write it in full"
        elif top in NOWHERE:
            yield entry.line, f"imports {top}, which is not imported anywhere"
        elif top in ONLY_IN and room not in ONLY_IN[top]:
            yield entry.line, f"{room} imports {top}, which only {sorted(ONLY_IN[top])} may"
        elif top == "vaeaudit" and entry.parts[1:] and entry.parts[1] != "__version__":
            target = entry.parts[1]
            if target not in MAY_IMPORT or entry.parts[1:] == ["report"]:  # the function, not the room
                yield entry.line, f"takes {target!r} from the package itself rather than from its room"
            elif target not in MAY_IMPORT[room]:
                yield entry.line, f"{room} imports {target}: this arrow runs back"


def private_names(tree: ast.AST, room: str, imports: list[Import]) -> Iterator[tuple[int, str]]:
    """Yield what is taken from another room although its name begins with an underscore."""
    foreign = set()
    for entry in imports:
        if entry.parts[0] != "vaeaudit" or entry.parts[1:2] == [room]:
            continue
        foreign.add(entry.alias)
        for part in entry.parts[1:]:
            if is_private(part):
                yield entry.line, f"{room} takes the private name {part!r} of another room"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and root_name(node) in foreign:
            yield node.lineno, f"{room} reads the private name {node.attr!r} of another room"


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def root_name(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def wrong_calls(tree: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if isinstance(node.func, ast.Name) and called in NEVER_CALLED:
            yield node.lineno, f"calls {called}()"
        if called in ("system", "popen") and root_name(node.func) == "os":
            yield node.lineno, f"calls os.{called}()"
        if called in ("import_module", "__import__") and name not in IMPORTS_BY_NAME:
            yield node.lineno, "imports by name, which this test cannot follow"
        for keyword in node.keywords:
            allowed = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg == "allow_pickle" and not allowed:
                yield node.lineno, "allows pickle"


def test_every_import_and_call_keeps_to_the_rules() -> None:
    assert violations(PACKAGE) == []


def test_the_table_names_rooms_that_exist_and_arrows_that_form_no_circle() -> None:
    rooms = {room_of(file, PACKAGE) for file in PACKAGE.rglob("*.py")}
    assert rooms == set(MAY_IMPORT)
    above: dict[str, set[str]] = {room: MAY_IMPORT[room] - {room} for room in set(MAY_IMPORT) - FOUNDATIONS}
    while above:
        lowest = {room for room, below in above.items() if not below & set(above)}
        assert lowest, f"a circle among {sorted(above)}"
        above = {room: below for room, below in above.items() if room not in lowest}


@pytest.mark.parametrize(
    ("file", "source", "said"),
    [
        ("analysis/a.py", "from vaeaudit.report import write", "analysis imports report: this arrow runs back"),
        ("data/a.py", "def f():\n    import vaeaudit.models.vae", "data imports models"),
        (
            "report/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from vaeaudit.data import Dataset",
            "report imports data",
        ),
        ("config.py", "from vaeaudit import data", "config imports data"),
        ("wording/a.py", "from vaeaudit.statistics.measures import Interval", "wording imports analysis"),
        ("cli/a.py", "from vaeaudit import fit", "rather than from its room"),
        ("pipeline.py", "from vaeaudit import report", "rather than from its room"),
        ("data/a.py", "from ..analysis import audit", "a relative import"),
        ("analysis/a.py", "import tensorflow as tf", "only ['models'] may"),
        ("pipeline.py", "from keras import Model", "only ['models'] may"),
        ("analysis/a.py", "import plotly.graph_objects as go", "only ['report'] may"),
        ("pipeline.py", "import click", "only ['cli'] may"),
        ("runs/a.py", "import pickle", "which is not imported anywhere"),
        ("data/a.py", "from urllib.request import urlopen", "which is not imported anywhere"),
        ("runs/a.py", "import numpy as np\nnp.load('a', allow_pickle=True)", "allows pickle"),
        ("data/a.py", "print('done')", "calls print()"),
        ("data/a.py", "eval('1')", "calls eval()"),
        ("data/a.py", "import os\nos.system('ls')", "calls os.system()"),
        ("data/a.py", "from importlib import import_module\nimport_module('pickle')", "imports by name"),
        ("analysis/a.py", "from vaeaudit.data.reading.load import _assemble", "takes the private name '_assemble'"),
        ("pipeline.py", "from vaeaudit import data\ndata.load._secret", "reads the private name '_secret'"),
        ("data/utils.py", "", "a drawer for everything"),
        ("rooms/a.py", "", "no rule says what the room 'rooms' may import"),
    ],
)
def test_a_planted_breach_is_caught(tmp_path: Path, file: str, source: str, said: str) -> None:
    planted = tmp_path / "vaeaudit" / file
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(source, encoding="utf-8")
    found = violations(tmp_path / "vaeaudit")
    assert len(found) == 1
    assert said in found[0]


def test_what_the_rules_allow_is_not_caught(tmp_path: Path) -> None:
    planted = tmp_path / "vaeaudit" / "pipeline.py"
    planted.parent.mkdir()
    planted.write_text(
        "import numpy as np\nfrom vaeaudit import __version__, data\nfrom vaeaudit.analysis import audit\n"
        "np.load('a', allow_pickle=False)\ndata.load('a')\n",
        encoding="utf-8",
    )
    assert violations(tmp_path / "vaeaudit") == []


def test_the_foundations_of_a_fast_help_import_the_standard_library_alone() -> None:
    for name in ("errors", "config", "progress"):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
        others = {entry.parts[0] for entry in imports_of(tree)} - set(sys.stdlib_module_names) - {"vaeaudit"}
        assert others == set(), name
