"""`vaeaudit inspect`: what a person and a program see."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from vaeaudit.cli.main import cli
from vaeaudit.cli.options import printable, settings_of
from vaeaudit.errors import InputError, UsageError

HOSTILE = "[red]\x1b[31mname"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    header = f'sex,age,income,"{HOSTILE}",grade'
    rows = [
        f"{'mf'[i % 2]},{20 + i % 31},{1.5 * i:.1f},{'[b]x' if i % 3 else 'y'},{['low', 'high', 'mid'][i % 3]}"
        for i in range(60)
    ]
    path.write_text("\n".join([header, *rows, "m,1"]) + "\n", encoding="utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, ["inspect", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_table_names_each_column_with_kind_role_and_counts(data: Path) -> None:
    out = run(data, "--label", "income", "--sensitive", "sex").stdout
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert lines["age"].split()[1:6] == ["count", "input", "yes", "0", "31"]
    assert lines["sex"].split()[1:4] == ["category", "sensitive", "no"]
    assert lines["income"].split()[2:4] == ["label", "no"]
    assert "Names that suggest a sensitive attribute: --sensitive age" in out
    assert "Quarantined: people.csv, record 60: 2 cell(s), the header has 5" in out
    assert out.splitlines()[-1] == "Rows: 61 read = 60 scored + 1 quarantined + 0 skipped"


def test_names_and_cells_cannot_steer_the_terminal_or_the_markup(data: Path) -> None:
    out = run(data, "-v").stdout
    assert "\x1b" not in out
    assert printable(HOSTILE) in out
    assert "[b]x" in out


def test_quiet_leaves_the_account_of_rows(data: Path) -> None:
    assert run(data, "-q").stdout == "Rows: 61 read = 60 scored + 1 quarantined + 0 skipped\n"


def test_json_is_one_document_on_stdout(data: Path) -> None:
    document = json.loads(run(data, "--json", "--levels", "grade=low,mid,high", "--kind-of", "age=real").stdout)
    columns = {column["name"]: column for column in document["columns"]}
    assert columns["grade"]["kind"] == "ordinal"
    assert columns["grade"]["levels"] == ["low", "mid", "high"]
    assert columns["age"]["kind"] == "real"
    assert columns[HOSTILE]["kind"] == "category"
    assert document["rows"]["read"] == 61


def test_a_written_configuration_is_read_back_and_the_command_line_wins(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "audit.toml"
    written = run(data, "--sensitive", "sex", "--levels", "grade=low,mid,high", "--write-config", config)
    assert "audit.toml" in written.stderr
    assert tomllib.loads(config.read_text())["read"]["sensitive"] == ["sex"]
    plain = json.loads(run(data, "--config", config, "--json").stdout)
    changed = json.loads(
        run(data, "--config", config, "--json", "--sensitive", "age", "--kind-of", "grade=category").stdout
    )
    roles = [
        {column["name"]: (column["role"], column["kind"]) for column in each["columns"]} for each in (plain, changed)
    ]
    assert roles[0]["sex"] == ("sensitive", "category")
    assert roles[0]["grade"] == ("input", "ordinal")
    assert roles[1]["sex"] == ("input", "category")
    assert roles[1]["age"] == ("sensitive", "count")
    assert roles[1]["grade"] == ("input", "category")


def test_an_existing_configuration_is_never_overwritten(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "audit.toml"
    config.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        run(data, "--write-config", config)
    assert config.read_text() == "mine"


def test_levels_may_hold_equals_signs_and_quoted_commas() -> None:
    given = ["income=<=10,11-20", 'x="1, or less", more', 'y="a ""b""",c', "race=White=no,yes"]
    assert settings_of({"levels": given})["levels"] == {
        "income": ["<=10", "11-20"],
        "x": ["1, or less", "more"],
        "y": ['a "b"', "c"],
        "race": ["White=no", "yes"],  # of what columns there are the data says
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--label", "nope"), "--label: the data has no column 'nope'"),
        (("--kind-of", "age"), "--kind-of age: expected COL=KIND"),
        (("--levels", "=a,b"), "--levels =a,b: expected COL=A,B,C"),
        (("--levels", 'grade="a,b'), "a quote opens and does not close"),
        (("--kind-of", "age=number"), "there is no such kind"),
        (("--delimiter", "ab"), "--delimiter: expected one character"),
        (("--config", "nowhere.toml"), "--config nowhere.toml: cannot be read"),
        (("--write-config", "no/such/folder/x.toml"), "cannot be written"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(data: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        run(data, *arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text", ["not toml", "[read]\ntypo = 1", "read = 3", "[read]\nsensitive = 5", "colour = 'red'"]
)
def test_a_configuration_that_cannot_be_used_is_one_clear_error(data: Path, tmp_path: Path, text: str) -> None:
    config = tmp_path / "bad.toml"
    config.write_text(text)
    with pytest.raises(UsageError, match="config"):
        run(data, "--config", config)


def test_unreadable_data_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        run(tmp_path / "none.csv")


def test_a_name_with_an_equals_sign_can_be_given_a_kind(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a=b\n" + "\n".join(str(i % 7) for i in range(40)))
    document = json.loads(run(path, "--json", "--kind-of", "a=b=category").stdout)
    assert document["columns"][0]["kind"] == "category"


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "from vaeaudit.cli.inspect import inspect; inspect(['--help'], standalone_mode=False)",
            ("pandas", "tensorflow", "rich"),
        ),
        ("from vaeaudit.cli.inspect import inspect; inspect([PATH], standalone_mode=False)", ("tensorflow", "sklearn")),
    ],
)
def test_help_imports_no_pandas_and_inspect_imports_nothing_that_learns(
    data: Path, statement: str, absent: tuple[str, ...]
) -> None:
    code = f"import sys; PATH = {str(data)!r}; {statement}; sys.exit(any(name in sys.modules for name in {absent!r}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(24):
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 20 + number), (number, 90, 200)).save(path)
    (tmp_path / "photos" / "a" / "bad.jpg").write_bytes(b"")
    return tmp_path / "photos"


def test_pictures_are_summed_up_with_sizes_formats_and_what_the_model_sees(photos: Path, tmp_path: Path) -> None:
    out = run(photos, "--cache", tmp_path / "cache", "--image-size", "16").stdout
    assert out.startswith(
        "Pictures: 24 of 40 x 20 to 40 x 43 (median 40 x 32) pixels (24 RGB); the model sees 16 x 16, colour\n"
    )
    assert "Note: the column class could be the label: --label class" in out
    assert "Quarantined: a/bad.jpg: expected JPEG, PNG, WebP, BMP, GIF or TIFF, found an empty file" in out
    assert out.splitlines()[-1] == "Rows: 25 read = 24 scored + 1 quarantined + 0 skipped"


def test_how_pictures_are_read_is_written_and_read_back(photos: Path, tmp_path: Path) -> None:
    config, cache = tmp_path / "audit.toml", tmp_path / "cache"
    run(photos, "--cache", cache, "--kind", "images", "--label", "class", "--write-config", config)
    written = tomllib.loads(config.read_text())["read"]
    assert (written["kind"], written["image_size"], written["cache"]) == ("images", 32, str(cache))
    images = json.loads(run(photos, "--config", config, "--json").stdout)["images"]
    assert images == {
        "count": 24,
        "size_in_model": [32, 32],
        "channels": 3,
        "original_sizes": {"smallest": [40, 20], "median": [40, 32], "largest": [40, 43]},
        "modes": {"RGB": 24},
        "exact_duplicates": 0,
    }


def test_an_array_is_chosen_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, a=np.zeros((30, 8, 8), np.uint8), b=np.ones((30, 9, 9), np.uint8))
    with pytest.raises(UsageError, match="several arrays"):
        run(path)
    document = json.loads(run(path, "--array-key", "b", "--cache", tmp_path / "cache", "--json").stdout)
    assert document["images"]["exact_duplicates"] == 29
    assert document["columns"] == []


def test_a_split_is_shown_with_its_role_and_kept_from_the_model(data: Path) -> None:
    out = run(data, "--split", "grade").stdout
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert lines["grade"].split()[1:4] == ["category", "split", "no"]
    (column,) = [
        c for c in json.loads(run(data, "--split", "grade", "--json").stdout)["columns"] if c["role"] == "split"
    ]
    assert (column["name"], column["in_model"]) == ("grade", False)


@pytest.mark.parametrize(
    ("column", "message"), [("nope", "--split: the data has no column"), ("age", "--split age: expected 2 to 20")]
)
def test_a_split_that_cannot_be_is_a_usage_error(data: Path, column: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run(data, "--split", column)


def test_a_probability_names_a_level_and_its_column() -> None:
    given = settings_of({"probability": ("yes=p_yes", "no=p=no"), "annotator": ("a", "b")})
    assert given == {"probability": {"yes": "p_yes", "no": "p=no"}, "annotator": ("a", "b")}
    with pytest.raises(UsageError, match="expected LEVEL=COL"):
        settings_of({"probability": ("p_yes",)})
