from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.data.population import read_population
from vaeaudit.data.population_layouts import read_cells
from vaeaudit.data.population_shares import Population
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.errors import InputError

SCHEMA = Schema(
    (
        Column("age", Kind.COUNT, Role.SENSITIVE),
        Column("sex", Kind.CATEGORY, Role.SENSITIVE, levels=("Female", "Male")),
        Column("income", Kind.REAL),
    )
)


@pytest.fixture
def read(tmp_path):
    def from_text(text: str) -> Population:
        path = tmp_path / "office.csv"
        path.write_text(text, encoding="utf-8")
        return read_population(path, SCHEMA)

    return from_text


def test_a_table_of_sdmx_is_read_with_its_codes_and_without_its_totals(read):
    population = read(
        "DATAFLOW,freq,unit,age,sex,geo,TIME_PERIOD,OBS_VALUE\n"
        "X:POP(1.0),A,NR,TOTAL,T,DE,2024,100\n"
        "X:POP(1.0),A,NR,Y_LT15,F,DE,2024,10\n"
        "X:POP(1.0),A,NR,Y15-64,F,DE,2024,30\n"
        "X:POP(1.0),A,NR,Y_GE65,F,DE,2024,12\n"
        "X:POP(1.0),A,NR,Y_LT15,M,DE,2024,11\n"
        "X:POP(1.0),A,NR,Y15-64,M,DE,2024,29\n"
        "X:POP(1.0),A,NR,Y_GE65,M,DE,2024,8\n"
    )
    assert population["age"].intervals == ((None, 15.0), (15.0, 65.0), (65.0, None))
    assert population["sex"].levels == ("Female", "Male")
    assert population.shares == pytest.approx((0.10, 0.11, 0.30, 0.29, 0.12, 0.08))
    said = " ".join(population.notes)
    assert "rows where age is TOTAL are totals" in said
    assert "of sex is read F as Female, M as Male" in said
    assert "the column geo is left out: it says the same in each row" in said


def test_a_census_table_with_titles_codes_and_notes_is_read(read):
    population = read(
        "Residents by age and sex\n"
        "\n"
        "Age group Code,Age group,Sex (2 categories) Code,Sex (2 categories),Observation\n"
        '1,"Aged 15 to 24 years",1,Female,"1,200"\n'
        '1,"Aged 15 to 24 years",2,Male,"1,300"\n'
        '2,"Aged 25 years and over",1,Female,"4,000"\n'
        '2,"Aged 25 years and over",2,Male,"3,500"\n'
        "Figures are rounded.\n"
    )
    assert population["age"].intervals == ((15.0, 25.0), (25.0, None))
    assert population.shares == pytest.approx((0.12, 0.13, 0.40, 0.35))
    assert "1 line(s) below the table are left out" in " ".join(population.notes)


def test_levels_side_by_side_and_semicolons_are_read(read):
    population = read("Age;Males;Females;Total\n0-14;10;12;22\n15-64;30;28;58\n65+;8;12;20\n")
    assert population["sex"].levels == ("Male", "Female")
    assert population["age"].intervals == ((0.0, 15.0), (15.0, 65.0), (65.0, None))
    assert population.shares == pytest.approx((0.10, 0.12, 0.30, 0.28, 0.08, 0.12))


@pytest.mark.parametrize("name", ["Total population", "All people", "Grand total", "Persons", "Summe", "Both"])
def test_totals_are_left_out_by_whatever_name_and_so_is_a_source_with_commas(read, name):
    population = read(f"sex,count\nFemale,30\n{name},100\nMale,70\nSource: Office, 2021\n")
    assert population["sex"].levels == ("Female", "Male")
    assert population.shares == pytest.approx((0.3, 0.7))


def test_a_decimal_comma_stands_beside_a_semicolon(read):
    assert read("sex;percent\nFemale;52,5\nMale;47,5\n").shares == pytest.approx((0.525, 0.475))


def test_per_cent_are_shares(read):
    assert read("sex,percent\nfemale,52.0\nmale,48.0\n").shares == pytest.approx((0.52, 0.48))
    assert read("Sex\tShare\nFemale\t52 %\nMale\t48 %\n").shares == pytest.approx((0.52, 0.48))


def test_single_years_are_intervals_of_one_year(read):
    assert read("age,count\n0,5\n1,6\n2+,9\n")["age"].intervals == ((0.0, 1.0), (1.0, 2.0), (2.0, None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sex,year,count\nFemale,2023,1\nMale,2023,1\nFemale,2024,1\nMale,2024,1\n", "no column 'year', of which the"),
        ("sex,region,count\nFemale,N,1\nMale,S,1\nFemale,S,2\n", "no column 'region', of which the file has 2"),
        ("sex,population,persons\nFemale,1,2\nMale,1,3\n", "one called count or share"),
        ("age,count\n15-24,1\n20-29,1\n", "intervals of column 'age' overlap"),
        ("age,count\n15.5-24,1\n", "intervals such as [15,20)"),
        ("sex;count\nFemale;1.234\nMale;987\n", "holds 1.234, whose mark may part thousands or decimals"),
        ("sex;count\nFemale;1,125\nMale;25\n", "holds 1,125, whose mark may part thousands or decimals"),
        ("sex,percent\nFemale,51%\nMale,49\n", "holds numbers with and without %"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(read, text, expected):
    with pytest.raises(InputError) as refused:
        read(text)
    assert expected in str(refused.value)


def test_a_level_called_total_is_a_level() -> None:
    schema = Schema((Column("kind", Kind.CATEGORY, levels=("total", "part")),))
    assert [groups for _, groups, _ in read_cells("kind,count\ntotal,1\npart,2\n", "f", schema).lines] == [
        ("total",),
        ("part",),
    ]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for header in ("", "age,sex,count\n"):
        try:
            cells = read_cells(header + text, "any.csv", SCHEMA)
        except InputError:
            continue
        assert set(cells.names) <= set(SCHEMA.names)
        assert all(len(groups) == len(cells.names) for _, groups, _ in cells.lines)
