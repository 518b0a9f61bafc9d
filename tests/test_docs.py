"""What people read is true: commands, options, settings, keys, links, examples and docstrings are held to the code."""

from __future__ import annotations

import ast
import configparser
import contextlib
import dataclasses
import doctest
import importlib
import inspect
import json
import pkgutil
import re
import runpy
import shlex
import tomllib
from collections.abc import Collection, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import click
import pandas as pd
import pytest

import vaeaudit
from vaeaudit import errors
from vaeaudit.cli.main import COMMANDS, EXIT_INTERNAL, EXIT_INTERRUPTED, cli
from vaeaudit.workflow.check import EXIT

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("reports/*.md"), *ROOT.glob("benchmarks/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: Whose `__all__` is public; between the rooms a name is imported from the module that defines it.
PUBLIC = ("vaeaudit", "vaeaudit.report", "vaeaudit.samples")
#: Options of other tools that the pages mention.
FOREIGN_OPTIONS = {"--constraint", "--editable", "--version", "--help"} | {
    "--data",
    "--part",
    "--more",
    "--vectors",
    "--before",
    "--cases",
    "--made",
    "--seeds",
    "--pictures",
    "--repeats",
    "--require-browser",
}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def code_words(text: str) -> set[str]:
    """Return what stands in backticks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)))


def section(text: str, title: str) -> str:
    """Return what stands under a heading, up to the next heading of the same or a higher level."""
    found = re.search(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    assert found, f"there is no heading {title!r}"
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found.group(1))}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def commands() -> dict[str, click.Command]:
    context = click.Context(cli, info_name="vaeaudit")
    found = {name: cli.get_command(context, name) for name in COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


# --- commands and options -----------------------------------------------------------------------------------------


def test_commands_md_is_what_the_commands_say_now() -> None:
    written = runpy.run_path(str(ROOT / "docs" / "write_commands.py"))["render"]()
    assert page("docs/commands.md") == written, "stale: run `make docs`"


def test_every_command_and_every_option_is_documented() -> None:
    text = page("docs/commands.md")
    assert set(commands()) == set(COMMANDS)
    for name, command in commands().items():
        assert f"`vaeaudit {name}" in README
        own = section(text, f"vaeaudit {name}")
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts}: no help"
                for option in parameter.opts:
                    assert option in own, f"{name}: {option}"


def shell_lines() -> list[tuple[str, str]]:
    found = []
    for path in PAGES:
        for block in blocks(path.read_text(encoding="utf-8"), "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.removeprefix(".venv/bin/").startswith("vaeaudit "):
                    found.append((path.name, line.removeprefix(".venv/bin/")))
    return found


def test_the_shell_blocks_name_commands() -> None:
    named = {shlex.split(line)[1] for name, line in shell_lines() if name == "README.md"}
    assert named == set(COMMANDS)


@pytest.mark.parametrize(("name", "line"), shell_lines())
def test_every_vaeaudit_line_of_a_shell_block_parses(name: str, line: str) -> None:
    command_name, *arguments = shlex.split(line, comments=True)[1:]
    with contextlib.suppress(click.exceptions.Exit):  # --help
        commands()[command_name].make_context(command_name, arguments)


def test_the_pages_name_no_option_that_does_not_exist() -> None:
    known = {option for command in commands().values() for parameter in command.params for option in parameter.opts}
    for path in PAGES:
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", path.read_text(encoding="utf-8")))
        assert named <= known | FOREIGN_OPTIONS, path.name


def test_the_readme_lists_the_exit_codes_that_the_code_has() -> None:
    classes = [entry for entry in vars(errors).values() if isinstance(entry, type) and issubclass(entry, Exception)]
    used = {
        0,
        EXIT_INTERNAL,
        EXIT_INTERRUPTED,
        *EXIT.values(),
        click.UsageError.exit_code,
        *(entry.exit_code for entry in classes),
    }
    listed = {int(code) for code in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)}
    assert listed == used


def test_every_make_target_that_a_page_names_exists_and_explains_itself() -> None:
    makefile = page("Makefile")
    targets = set(re.findall(r"^([a-z-]+):.*## .+$", makefile, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    assert set(phony.group(1).split()) == targets
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        named = set(re.findall(r"`make ([a-z-]+)`", text))
        named |= {line.split()[1] for block in blocks(text, "sh") for line in block.splitlines() if line[:5] == "make "}
        assert named <= targets, path.name


# --- examples and links -------------------------------------------------------------------------------------------


def test_python_blocks_compile_and_take_only_public_names() -> None:
    found = [(path, block) for path in PAGES for block in blocks(path.read_text(encoding="utf-8"), "python")]
    assert any(path.name == "README.md" for path, _ in found)
    for path, block in found:
        for node in ast.walk(ast.parse(block, filename=path.name)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "vaeaudit":
                assert node.attr in vaeaudit.__all__, f"{path.name}: vaeaudit.{node.attr}"


def test_the_rule_function_of_the_report_page_agrees_with_the_packages_own() -> None:
    from vaeaudit.analysis.grouping.rules import apply_rule
    from vaeaudit.outputs.region_rules import Condition

    names: dict[str, Any] = {}
    exec(blocks(page("docs/report.md"), "python")[0], names)  # noqa: S102 - our own page
    columns = {
        "number": pd.Series([1.0, 2.0, 3.0, None]),
        "level": pd.Series(["a", "b", None, "c"], dtype="category"),
        "date": pd.to_datetime(pd.Series(["2019-12-31", "2020-01-01", None, "2024-05-05"])),
    }
    rules = [
        ("number", "between", [2.0, None]),
        ("number", "between", [None, 3.0]),
        ("number", "between", [None, None]),
        ("number", "missing", None),
        ("level", "in", ["a", "c"]),
        ("level", "missing", None),
        ("date", "between", ["2020-01-01", "2024-01-01"]),
    ]
    for column, op, value in rules:
        theirs = names["holds"]({"column": column, "op": op, "value": value}, columns[column])
        ours = apply_rule((Condition(column, op, value),), pd.DataFrame(columns))
        assert theirs.tolist() == ours.tolist(), (column, op, value)


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_relative_links_lead_somewhere() -> None:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if link.startswith(("https://", "http://")):
                continue
            target, _, anchor = link.partition("#")
            aim = (path.parent / target).resolve() if target else path
            assert aim.exists(), f"{path.name}: {link}"
            if anchor:
                assert anchor in anchors(aim.read_text(encoding="utf-8")), f"{path.name}: {link}"


def tracked_text() -> Iterator[tuple[str, str]]:
    """Yield name and text of the files that people read or run; generated reports aside."""
    folders = ("vaeaudit", "tests", "docs", "benchmarks", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    tops = [path for path in ROOT.iterdir() if path.name not in ("LICENSE", ".git")]
    for path in [*files, *tops, *ROOT.glob("reports/*.md"), *ROOT.glob("reports/*/*.json")]:
        if path.is_file():
            with contextlib.suppress(UnicodeDecodeError):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_no_file_names_a_path_of_some_machine_or_a_registrys_host() -> None:
    places = r"(?<![\w.~)}-])/(?:work|tmp/w|root|home/\w+|Users/\w+)/"
    hosts = "|".join(re.escape(f"{name}.{end}") for name, end in HOSTS)
    for name, text in tracked_text():
        found = re.search(f"{places}|{hosts}", text)
        assert not found, f"{name}: {found.group()}"


HOSTS = [("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("npmjs", "org"), ("npmjs", "com")]
HOSTS += [("conda", "io"), ("index", "docker"), ("unpkg", "com"), ("jsdelivr", "net")]


# --- settings, kinds, keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["report", "rebalance", "generated"])
def test_the_schemas_are_generated_from_the_types_of_the_results(name: str) -> None:
    written = runpy.run_path(str(ROOT / "docs" / "write_schemas.py"))["render"](name)
    committed = (ROOT / "vaeaudit" / "report" / f"{name}.schema.json").read_text(encoding="utf-8")
    assert committed == written, "run `make docs`"


def test_every_key_and_word_of_the_report_is_explained_in_its_section() -> None:
    from vaeaudit.report import json_schema

    schema, text = json_schema(), page("docs/report.md")
    for key, part in schema["properties"].items():
        missing = set(names_of(part, schema)) - code_words(section(text, f"`{key}`"))
        assert not missing, f"{key}: {sorted(missing)}"
    assert set(schema["$defs"]["Interval"]["properties"]) <= code_words(section(text, "Intervals"))


def names_of(part: Any, schema: dict[str, Any]) -> Iterator[str]:
    """Yield all keys and fixed words below a part of the schema; intervals are explained once."""
    if isinstance(part, list):
        for entry in part:
            yield from names_of(entry, schema)
    elif isinstance(part, dict):
        name = part.get("$ref", "#/$defs/Interval").rpartition("/")[2]
        if name not in ("Interval", "Kind", "Role"):  # kinds and roles are explained in data.md
            yield from names_of(schema["$defs"][name], schema)
        yield from part.get("properties", {})
        yield from (word for word in part.get("enum", []) if isinstance(word, str))
        below = [*part.get("properties", {}).values(), *(part.get(word) for word in BELOW)]
        for entry in below:
            yield from names_of(entry, schema)


BELOW = ("items", "prefixItems", "additionalProperties", "propertyNames", "anyOf")


def test_every_setting_is_documented_with_its_default() -> None:
    from vaeaudit.config import FitConfig

    text = section(page("docs/data.md"), "Settings in a file")
    config = FitConfig()
    for name in ("read", "model", "train", "analysis"):
        table = text.split(f"| `[{name}]` |", 1)[1].split("\n\n", 1)[0]
        rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", table, re.MULTILINE))
        values = json.loads(json.dumps(getattr(config, name).to_dict()))
        assert set(rows) == set(values)
        for key, default in values.items():
            written = rows[key].strip("`")
            assert default == (None if written == "none" else json.loads(written)), f"{name}.{key}"
    for key, default in (("preset", config.preset), ("seed", config.seed)):
        assert f"`{key}` (`{json.dumps(default)}`" in text


def test_kinds_roles_likelihoods_and_missing_tokens_are_documented() -> None:
    from vaeaudit.data.encoding.column_encoding import Likelihood
    from vaeaudit.data.schema.columns import Kind, Role
    from vaeaudit.data.schema.readings import ALWAYS_MISSING, MISSING_AMONG_NUMBERS

    text = page("docs/data.md")
    assert {kind.value for kind in Kind} <= code_words(section(text, "Kinds"))
    assert {role.value for role in Role} <= code_words(section(text, "Roles"))
    assert {entry.value for entry in Likelihood} <= code_words(section(page("docs/methods.md"), "Likelihoods"))
    tokens = {word.lower() for word in code_words(section(text, "What counts as missing"))}
    assert (ALWAYS_MISSING | MISSING_AMONG_NUMBERS) - {""} <= tokens


def test_the_files_of_a_run_and_the_columns_of_its_rows_are_documented(fitted: Any) -> None:
    listed = code_words(section(README, "What is left on disk"))
    made = {path.relative_to(fitted.run.path) for path in fitted.run.path.rglob("*") if path.is_file()}
    for path in made:
        assert path.name in listed, path
        assert path.parent == Path() or f"{path.parent}/" in listed
    explained = code_words(section(page("docs/report.md"), "rows.parquet"))
    assert {name for name in fitted.run.rows.columns if not re.fullmatch(r"z_\d\d*", name)} <= explained
    assert "z_0" in explained


def test_the_changelog_knows_this_version_and_each_dependency_that_needs_a_reason() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    changelog = page("CHANGELOG.md")
    assert project["version"] == vaeaudit.__version__
    assert re.search(rf"^## {re.escape(vaeaudit.__version__)}\b", changelog, re.MULTILINE)
    expected = {"tensorflow", "tensorflow-probability", "tf-keras", "pandas", "pyarrow", "scikit-learn", "scipy"}
    expected |= {"plotly", "click", "rich", "jinja2", "pillow"}
    names = {re.split(r"[<>=\[]", requirement)[0] for requirement in project["dependencies"]}
    assert names - expected <= code_words(changelog)


def test_type_checkers_are_shown_every_public_name_where_it_is_looked_up() -> None:
    block = next(node for node in ast.parse(page("vaeaudit/__init__.py")).body if isinstance(node, ast.If))
    shown = {name.name: entry.module for entry in block.body for name in entry.names}
    assert shown == vaeaudit._WHERE
    assert {*shown, "__version__"} == set(vaeaudit.__all__)


@pytest.mark.tensorflow  # imports all rooms
def test_the_public_names_are_what_the_readme_calls_whatever_was_imported_before() -> None:
    import vaeaudit.report.html
    from vaeaudit.runs.reading import load_run
    from vaeaudit.workflow import fit, reading, report

    for module, name in ((report, "audit"), (fit, "fit"), (reading, "inspect"), (report, "report")):
        assert getattr(vaeaudit, name) is getattr(module, name)
    assert vaeaudit.load_run is load_run
    assert all(getattr(vaeaudit, name) is not None for name in vaeaudit.__all__)


# --- docstrings ---------------------------------------------------------------------------------------------------


def public_names() -> list[str]:
    found = ["vaeaudit.sklearn.BetaVAEDetector"]
    for module in PUBLIC:
        names = importlib.import_module(module).__all__
        found += [f"{module}.{name}" for name in names if not name.startswith("__")]
    return found


def names_without_underscore() -> Iterator[tuple[str, Any]]:
    """Yield every class and function of the package that is not private to its module."""
    for entry in pkgutil.walk_packages(vaeaudit.__path__, "vaeaudit."):
        for name, thing in vars(importlib.import_module(entry.name)).items():
            is_defined_here = getattr(thing, "__module__", None) == entry.name
            if is_defined_here and not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
                yield f"{entry.name}.{name}", thing


@pytest.mark.tensorflow  # imports all rooms
def test_every_public_name_has_a_docstring_whose_parameters_are_those_of_the_signature() -> None:
    problems = []
    things = [resolve(name) for name in public_names()]
    # A constant explains itself where it is defined.
    defined = {f"{thing.__module__}.{thing.__qualname__}": thing for thing in things if callable(thing)}
    for name, thing in sorted(defined.items()):
        problems += wrong_in_docstring(name, but=("PR01", "PR02") if has_no_signature(thing) else ())
        problems += undocumented_fields(name, thing)
    assert problems == []


@pytest.mark.tensorflow  # imports all rooms
def test_every_other_name_has_a_summary_and_a_list_of_parameters_only_if_it_is_that_of_the_signature() -> None:
    problems = []
    for name, thing in names_without_underscore():
        lists_them = "Parameters\n" in (thing.__doc__ or "") and not has_no_signature(thing)
        # A summary may begin with a formula, such as p(x|z); parameters of one kind may stand together.
        but = {"SS02", "PR03"} if lists_them else {"SS02", "PR03", "PR01", "PR02"}
        problems += wrong_in_docstring(name, but=but)
    assert problems == []


def wrong_in_docstring(name: str, but: Collection[str]) -> list[str]:
    """Return what numpydoc finds wrong, of what setup.cfg asks for; some checks aside."""
    from numpydoc.validate import validate

    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    checks = {check.strip() for check in settings["numpydoc_validation"]["checks"].split(",")} - set(but)
    return [f"{name}: {code} {message}" for code, message in validate(name)["errors"] if code in checks]


def resolve(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def has_no_signature(thing: Any) -> bool:
    """Whether a class is made by its fields (which `undocumented_fields` looks at) or is an enumeration."""
    return dataclasses.is_dataclass(thing) or (isinstance(thing, type) and issubclass(thing, Enum))


def undocumented_fields(name: str, thing: Any) -> Iterator[str]:
    """Yield a problem for each field of a dataclass that neither its docstring nor that of a base names."""
    if not dataclasses.is_dataclass(thing):
        return
    words = set(re.findall(r"\w+", " ".join(base.__doc__ or "" for base in thing.__mro__)))
    for entry in dataclasses.fields(thing):
        if entry.name not in words and not entry.name.startswith("_"):
            yield f"{name}: the field {entry.name} is not explained"


def modules_without_tensorflow() -> list[str]:
    found = pkgutil.walk_packages(vaeaudit.__path__, "vaeaudit.")
    return sorted(entry.name for entry in found if not entry.name.startswith("vaeaudit.models"))


@pytest.mark.tensorflow  # imports all rooms
def test_the_examples_in_docstrings_hold() -> None:
    attempted = 0
    for name in modules_without_tensorflow():
        outcome = doctest.testmod(importlib.import_module(name))
        assert outcome.failed == 0, name
        attempted += outcome.attempted
    assert attempted > 10
