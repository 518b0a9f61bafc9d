"""Imports run one way, between rooms and between the folders of a room; what a room must not do is not done in it.

The rules about rooms are the two tables of docs/design.md, read here, so that page and test cannot differ.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "vaeaudit"
PAGE = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


def rows_under(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading of the page, without its head."""
    part = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


#: Room -> the other rooms that it imports, no more and no fewer. What is not named here may not exist.
IMPORTS: dict[str, set[str]] = {names_in(room)[0]: set(names_in(others)) for room, _, others in rows_under("The rooms")}
#: Room -> its folders from the lowest up, each importing only those before it; `.` is what lies in the room itself.
FOLDERS: dict[str, list[str]] = {
    names_in(room)[0]: names_in(order) for room, order in rows_under("The folders of a room")
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
    "sklearn": {"analysis", "scoring", "sklearn", "statistics"},
    "scipy": {"analysis", "models", "scoring", "statistics"},
    "pydantic": {"data", "outputs", "runs", "workflow"},
}

#: Packages that can run what a file holds, or reach a network.
NOWHERE = {
    *("pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal", "subprocess"),
    *("requests", "urllib", "urllib3", "http", "httpx", "aiohttp", "socket", "ftplib", "smtplib", "ssl"),
}
#: Built-in functions that are never called: results are returned, text is not code.
NEVER_CALLED = {"print", "eval", "exec", "compile", "__import__", "breakpoint", "input"}
#: Imports by name escape this walk, so only these may make them: two files to stay fast, and one that finds its checks.
IMPORTS_BY_NAME = {"__init__.py", "cli/main.py", "analysis/checks/registry.py"}
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
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            for entry in node.names:
                yield Import(entry.name, None, entry.asname or entry.name.split(".")[0], node.lineno)
        elif isinstance(node, ast.ImportFrom):
            for entry in node.names:
                yield Import(
                    "." * node.level + (node.module or ""), entry.name, entry.asname or entry.name, node.lineno
                )


@cache
def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """Return all nodes of a tree: to walk it takes longer than what is asked of them."""
    return list(ast.walk(tree))


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def room_of(file: Path, package: Path) -> str:
    return file.relative_to(package).parts[0].removesuffix(".py")


def folder_of(parts: Sequence[str], room: str) -> str:
    """Return the folder of a room that a module `vaeaudit.<room>.…` lies in."""
    return parts[2] if len(parts) > 2 and parts[2] in FOLDERS.get(room, ()) else "."


def violations(package: Path) -> list[str]:
    """Return one line for each rule that a file of the package breaks."""
    found = []
    for file in sorted(package.rglob("*.py")):
        name, room = file.relative_to(package).as_posix(), room_of(file, package)
        if room not in IMPORTS and room != "__init__":
            found.append(f"{name}: no rule says what the room {room!r} may import")
            continue
        tree = tree_of(file)
        imports = list(imports_of(tree))
        if room == "__init__":  # which looks its names up when they are used, and shows them to type checkers
            shown = {entry for block in nodes_of(tree) if is_type_checking(block) for entry in imports_of(block)}
            imports = [entry for entry in imports if entry not in shown]
        folder = folder_of(("vaeaudit", *file.relative_to(package).with_suffix("").parts), room)
        messages = [
            *wrong_imports(room, imports),
            *arrows_that_run_back(room, folder, imports),
            *private_names(tree, room, imports),
            *wrong_calls(tree, name),
        ]
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


def arrows_that_run_back(room: str, folder: str, imports: list[Import]) -> Iterator[tuple[int, str]]:
    for entry in imports:
        if entry.parts[0] != "vaeaudit" or entry.parts[1:] in ([], ["__version__"]):
            continue
        target = entry.parts[1]
        if target not in IMPORTS or entry.parts[1:] == ["report"]:  # the function, not the room
            yield entry.line, f"takes {target!r} from the package itself rather than from its room"
        elif target != room and target not in IMPORTS.get(room, ()):
            yield entry.line, f"{room} imports {target}: this arrow runs back"
        elif target == room and room in FOLDERS:
            order, other = FOLDERS[room], folder_of(entry.parts, room)
            if order.index(other) > order.index(folder):
                yield entry.line, f"{room}/{folder} imports {room}/{other}: this arrow runs back"


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
    for node in nodes_of(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and root_name(node) in foreign:
            yield node.lineno, f"{room} reads the private name {node.attr!r} of another room"


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def root_name(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def wrong_calls(tree: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    for node in nodes_of(tree):
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


def test_the_tables_name_the_rooms_and_folders_that_exist_and_no_others() -> None:
    rooms = {room_of(file, PACKAGE) for file in PACKAGE.rglob("*.py")} - {"__init__"}
    assert rooms == set(IMPORTS)
    inside: dict[str, set[str]] = {}
    for file in PACKAGE.glob("*/*/*.py"):
        inside.setdefault(file.parts[-3], set()).add(file.parts[-2])
    found = {room: sorted(folders | {"."}) for room, folders in inside.items()}
    assert found == {room: sorted(folders) for room, folders in FOLDERS.items()}


def test_a_room_imports_all_the_rooms_that_the_table_allows_it() -> None:
    used: dict[str, set[str]] = {room: set() for room in IMPORTS}
    for file in PACKAGE.rglob("*.py"):
        room = room_of(file, PACKAGE)
        for entry in imports_of(tree_of(file)):
            if room in used and entry.parts[0] == "vaeaudit" and entry.parts[1:2] not in ([], [room], ["__version__"]):
                used[room].add(entry.parts[1])
    assert used == IMPORTS


def test_arrows_between_rooms_form_no_circle() -> None:
    above = dict(IMPORTS)
    while above:
        lowest = {room for room, below in above.items() if not below & set(above)}
        assert lowest, f"a circle among {sorted(above)}"
        above = {room: below for room, below in above.items() if room not in lowest}


def test_tensorflow_is_imported_lazily_in_one_place() -> None:
    """A module that imports `models` brings TensorFlow; only the builder imports such modules, in functions."""
    heavy = {"vaeaudit.models", "vaeaudit.workflow.trained"}
    lazy = []
    for file in PACKAGE.rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        if name.startswith(("models/", "workflow/trained/")):
            continue
        tree = tree_of(file)
        typed = {id(node) for block in nodes_of(tree) if is_type_checking(block) for node in ast.walk(block)}
        for node in nodes_of(tree):
            if isinstance(node, ast.ImportFrom) and id(node) not in typed:
                lazy += [name for module in heavy if f"{node.module}.".startswith(f"{module}.")]
    assert set(lazy) == {"workflow/builder.py"}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:vaeaudit|tests|docs|benchmarks)/[\w./]+\.\w+)`", PAGE))
    named |= {
        f"vaeaudit/{name}"
        for name in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", PAGE)
        if not name.startswith(("vaeaudit/", "tests/", "docs/"))
    }
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


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
        ("wording/a.py", "from vaeaudit.statistics.measures import Interval", "wording imports statistics"),
        ("cli/a.py", "from vaeaudit import fit", "rather than from its room"),
        ("workflow/a.py", "from vaeaudit import report", "rather than from its room"),
        ("data/a.py", "from ..analysis import audit", "a relative import"),
        ("analysis/a.py", "import tensorflow as tf", "only ['models'] may"),
        ("workflow/a.py", "from keras import Model", "only ['models'] may"),
        ("analysis/a.py", "import plotly.graph_objects as go", "only ['report'] may"),
        ("workflow/a.py", "import click", "only ['cli'] may"),
        ("runs/a.py", "import pickle", "which is not imported anywhere"),
        ("data/a.py", "from urllib.request import urlopen", "which is not imported anywhere"),
        ("runs/a.py", "import numpy as np\nnp.load('a', allow_pickle=True)", "allows pickle"),
        ("data/a.py", "print('done')", "calls print()"),
        ("data/a.py", "eval('1')", "calls eval()"),
        ("data/a.py", "import os\nos.system('ls')", "calls os.system()"),
        ("data/a.py", "from importlib import import_module\nimport_module('pickle')", "imports by name"),
        ("analysis/a.py", "from vaeaudit.data.reading.load import _assemble", "takes the private name '_assemble'"),
        ("workflow/a.py", "from vaeaudit import data\ndata.load._secret", "reads the private name '_secret'"),
        ("data/tables/a.py", "from vaeaudit.data.schema.columns import Schema", "data/tables imports data/schema"),
        ("analysis/a.py", "import vaeaudit.analysis.audit.audit", "analysis/. imports analysis/audit"),
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
    planted = tmp_path / "vaeaudit" / "workflow" / "a.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(
        "import numpy as np\nfrom vaeaudit import __version__, data\nfrom vaeaudit.analysis.audit import audit\n"
        "np.load('a', allow_pickle=False)\ndata.load('a')\n",
        encoding="utf-8",
    )
    assert violations(tmp_path / "vaeaudit") == []


def test_the_foundations_of_a_fast_help_import_the_standard_library_alone() -> None:
    for name in ("errors", "config", "progress", "settings"):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
        others = {entry.parts[0] for entry in imports_of(tree)} - set(sys.stdlib_module_names) - {"vaeaudit"}
        assert others == set(), name
