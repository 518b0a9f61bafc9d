"""Tables as people have them: how each is audited, what must be said of it, and what must not.

What is asked for was counted with pandas first. Statements that wait for a later part of the audit (flagged rows and
cells) are marked so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.real_table_statements import (
    Statement,
    any_rule,
    balance_of,
    blamed,
    column,
    copies,
    either,
    every,
    finding,
    flagged_cells,
    flagged_share,
    miscounted,
    missing_cells,
    must,
    naming,
    never,
    out_of_model,
    predicts,
    region_of,
    remark,
    rule,
    state,
    together_below_alone,
    verdict,
    wrong_rule,
)

#: What holds of every table.
_ALWAYS = (
    must("the missing cells of each column, as pandas counts them", missing_cells),
    never("a rule of a finding or a group picks another number of rows than is said", miscounted),
    never("a rule of the table is broken by another number of rows than is said", wrong_rule),
)
#: And of every table with a label.
_OF_LABEL = (never("all columns together tell the label worse than one of them", together_below_alone),)


@dataclass(frozen=True)
class Case:
    """A table, its label and sensitive columns as its owner would give them, and the statements about it."""

    name: str
    own: tuple[Statement, ...]
    label: str = ""
    sensitive: tuple[str, ...] = ()
    of_cases: bool = True

    @property
    def options(self) -> tuple[str, ...]:
        """Options of the commands."""
        named = ("--label", self.label) if self.label else ()
        return (*named, *(part for name in self.sensitive for part in ("--sensitive", name)))

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Those of this table, and those of all."""
        return (*self.own, *_ALWAYS, *(_OF_LABEL if self.label else ()))

    def read(self, path: Path) -> pd.DataFrame:
        """Read the table as anybody with pandas would; a name that comes again is numbered as vaeaudit does it."""
        frame = pd.read_csv(path, na_values=["?"], skipinitialspace=True)
        return frame.rename(columns=lambda name: f"{name[:-2]}.2" if name.endswith(".1") else name)


_CUR = Case(
    "cur",
    (
        must("amount is a number of dollars", column("amount", kind="real", unit="$", in_model=True)),
        never("amount is text or has too many levels", naming("VA804", "amount")),
        must("no verdict of 60 rows", state("VA701", "inconclusive")),
        must("no row repeats another", lambda audit: copies(audit) == 0),
        must("no placeholder", state("VA806", "passed")),
    ),
)
_M2 = Case(
    "m2",
    (
        must(
            "customer_no is an identifier, out of the model", column("customer_no", kind="identifier", in_model=False)
        ),
        must("salary_usd is a number of dollars", column("salary_usd", kind="count", unit="$")),
        must("300 rows repeat another in all but the id", lambda audit: copies(audit) == 300),
        must("a finding says so of the 300 rows", finding("VA602", copies=300, n=600)),
        must("sentinel is -999 in 102 rows", finding("VA806", "sentinel", rows=102, value="-999")),
        must("gender_id may be sensitive", blamed("gender_id", "sensitive")),
        never("columns that were drawn independently keep to a rule", any_rule),
        never("gender_id is given away", blamed("gender_id", kind="proxy")),
        never("cells contradict their rows", lambda audit: flagged_cells(audit) > 0, later=True),
    ),
)
_PENGUINS = Case(
    "penguins_raw",
    (
        must("rownames is a row number", column("rownames", kind="identifier", in_model=False)),
        must("Sample Number is a number of the sample", out_of_model("Sample Number")),
        must("Individual ID is no feature", column("Individual ID", kind="identifier", in_model=False)),
        must("rows of one Individual ID belong together", column("Individual ID", role="group")),
        must("172 nests, of two birds each, are named as what belongs together", remark("Individual ID", "172")),
        must("Region and Stage are constants", every(*(column(name, kind="constant") for name in ("Region", "Stage")))),
        must("Chinstrap penguins are on Dream only", rule("implies", "Species", "Island")),
        must("Comments is text", column("Comments", kind="text", in_model=False)),
        must("Date Egg is a date", column("Date Egg", kind="datetime")),
        must("Sex may be sensitive", blamed("Sex", "sensitive")),
        must("no row repeats another", lambda audit: copies(audit) == 0),
        never("Individual ID is personal data", naming("VA851", "Individual ID")),
        never(
            "a cell of Individual ID is suspicious", lambda audit: flagged_cells(audit, "Individual ID") > 0, later=True
        ),
        never(
            "half of the rows that have a comment are flagged",
            flagged_share(lambda frame: frame["Comments"].notna(), 0.5),
            later=True,
        ),
    ),
)
_LAW = Case(
    "law6k",
    (
        must("PF_0 is 1 - PF_1", rule("complement", "PF_0", "PF_1")),
        must("the label is given away by PF_0", finding("VA502", "PF_0", "high")),
        must("Sex_2 is 1 - Sex_1", rule("complement", "Sex_1", "Sex_2")),
        must("both copies are out of the model", out_of_model("PF_0", "Sex_2")),
        must(
            "the eight Race_ columns are one",
            rule(
                "one_hot",
                *(
                    f"Race_{name}"
                    for name in ("Amerindian", "Asian", "Black", "Hispanic", "Mexican", "Other", "Puertorican", "White")
                ),
            ),
        ),
        must("62 rows repeat another", lambda audit: copies(audit) == 62),
        must("11.7 % failed: few, and told", naming("VA401", "PF_1")),
        must("each value of the label has as many rows as pandas counts", balance_of("PF_1")),
        never("LSAT or UGPA is the label", either(*(finding("VA502", name) for name in ("LSAT", "UGPA")))),
        never("a combination of Race_Black and Race_White is empty", blamed("Race_Black", "Race_White")),
        never("a gap is about what excludes itself", region_of("Race_Black", "Race_White")),
        never(
            "most of the flagged rows are people who failed",
            flagged_share(lambda frame: frame["PF_1"] == 0, 0.5, of_flagged=True),
            later=True,
        ),
    ),
    "PF_1",
    ("Race_Black", "Race_White", "Sex_1"),
)
_ATTRITION = Case(
    "attrition",
    (
        must("rownames is a row number", column("rownames", kind="identifier", in_model=False)),
        must("16 % leave: few, and told", finding("VA401", "Attrition", share=0.1612)),
        must("each value of the label has as many rows as pandas counts", balance_of("Attrition")),
        must("OverTime tells the label", predicts("OverTime")),
        must("nobody is longer at the company than at work", rule("order", "YearsAtCompany", "TotalWorkingYears")),
        *(
            must(f"{name} is never above YearsAtCompany", rule("order", name, "YearsAtCompany"))
            for name in ("YearsInCurrentRole", "YearsSinceLastPromotion", "YearsWithCurrManager")
        ),
        must(
            "PerformanceRating follows from PercentSalaryHike",
            rule("determines", "PercentSalaryHike", "PerformanceRating"),
        ),
        must("nobody single holds stock options", rule("implies", "MaritalStatus", "StockOptionLevel")),
        must("no row repeats another", lambda audit: copies(audit) == 0),
        must("no placeholder", state("VA806", "passed")),
        must("no cell is missing", state("VA808", "passed")),
        never("a column gives the label away", lambda audit: any(audit.findings("VA502"))),
        never("a column is personal data", lambda audit: any(audit.findings("VA851"))),
        never(
            "a gap is about years that are in order",
            either(region_of("TotalWorkingYears", "YearsAtCompany"), region_of("YearsInCurrentRole", "YearsAtCompany")),
        ),
        never("a gap is about the rating of a raise", region_of("PerformanceRating", "PercentSalaryHike")),
        never("a gap is about the stock options of singles", region_of("MaritalStatus", "StockOptionLevel")),
    ),
    "Attrition",
    ("Gender", "MaritalStatus", "Age"),
)
_TITANIC = Case(
    "titanic",
    (
        must("2,177 rows repeat another", lambda audit: copies(audit) == 2177),
        must("that is no fault, of 4 columns with few values", finding("VA602", severity="info")),
        must("sex tells the label", predicts("sex")),
        must("each value of the label has as many rows as pandas counts", balance_of("survived")),
        must("no column repeats another", state("VA351", "passed")),
        never("a column gives the label away", lambda audit: any(audit.findings("VA502"))),
        never("people who are equal are near copies", lambda audit: any(audit.findings("VA603"))),
        never("the children contradict their rows", lambda audit: flagged_cells(audit, "age") >= 100, later=True),
    ),
    "survived",
    ("sex", "class"),
)
_WEATHER = Case(
    "seattle-weather",
    (
        must("date is a date", column("date", kind="datetime")),
        must("temp_min is never above temp_max", rule("order", "temp_min", "temp_max")),
        must("23 days of snow and 54 of drizzle are few", naming("VA401", "snow", "drizzle")),
        must("each value of the label has as many rows as pandas counts", balance_of("weather")),
        must("precipitation tells the label", predicts("precipitation")),
        must("no row repeats another", lambda audit: copies(audit) == 0),
        must("no placeholder", state("VA806", "passed")),
        never("it passes", verdict("pass")),
        never("a gap is about the weather of a time", region_of("date", "weather")),
        must("the label changes its meaning in April 2013", naming("VA651", "2013")),
    ),
    "weather",
)
_COMPAS = Case(
    "compas",
    (
        must("the label is given away by is_recid, in 97.0 % of rows", finding("VA502", "is_recid", agreement=0.9695)),
        must("the label is given away by event, in 89.2 %", naming("VA502", "event")),
        must(
            "the label is given away by whether there is an r_case_number: all 3,251, of 3,471",
            finding("VA502", "r_case_number", rows=3471, hits=3251, of_value=3251),
        ),
        must("decile_score is there twice", rule("equal", "decile_score", "decile_score.2")),
        must("priors_count is there twice", rule("equal", "priors_count", "priors_count.2")),
        must(
            "screening_date is there three times",
            rule("equal", "compas_screening_date", "screening_date", "v_screening_date"),
        ),
        must("copies are out of the model", out_of_model("decile_score.2", "priors_count.2", "screening_date")),
        must(
            "what holds one value is constant",
            every(
                *(
                    column(name, kind="constant")
                    for name in ("type_of_assessment", "v_type_of_assessment", "violent_recid")
                )
            ),
        ),
        must("206 rows with c_jail_in after c_jail_out", rule("order", "c_jail_in", "c_jail_out", exceptions=206)),
        must("a finding says so of c_jail_in", naming("VA352", "c_jail_in", "c_jail_out", "206")),
        must("3 rows with start above end", rule("order", "start", "end", exceptions=3)),
        must("a finding says so of start and end", naming("VA352", "order-start-end")),
        must("out_custody is 2020-01-01 in 61 rows", finding("VA806", "out_custody", rows=61)),
        must("first, last and name are personal data", naming("VA851", "first", "last", "name")),
        must("first, last and name are no features", out_of_model("first", "last", "name")),
        must("score_text follows from decile_score", rule("determines", "decile_score", "score_text")),
        must("v_score_text follows from v_decile_score", rule("determines", "v_decile_score", "v_score_text")),
        must("age_cat and dob, which are age, are out of the model", out_of_model("age_cat", "dob")),
        must(
            "id and case numbers are identifiers",
            every(
                *(column(name, kind="identifier", in_model=False) for name in ("id", "c_case_number", "r_case_number"))
            ),
        ),
        must("each value of the label has as many rows as pandas counts", balance_of("two_year_recid")),
        must("r_case_number is there where is_recid is 1", rule("only_where", "is_recid", "r_case_number")),
        never("priors_count is the label", finding("VA502", "priors_count")),
        never(
            "names are shown",
            lambda audit: any(
                entry["examples"] or entry["levels"]
                for entry in audit.inspected["columns"]
                if entry["name"] in ("first", "last", "name")
            ),
        ),
        never("charges are personal data", naming("VA851", "c_charge_desc")),
        must("from 2014-04-02 on all rows have label 1", naming("VA651", "2014-04-02")),
        never("a gap is about a score and its words", region_of("score_text", "decile_score")),
        never("a gap is about age and birthday", region_of("age", "dob")),
        never("that the birthday gives age away is grave", blamed("dob", "age", kind="proxy", severity="high")),
        never(
            "surnames are suspicious cells",
            lambda audit: any(flagged_cells(audit, name) for name in ("first", "last", "name")),
            later=True,
        ),
    ),
    "two_year_recid",
    ("sex", "race", "age"),
)
_GERMAN = Case(
    "german",
    (
        must("30 % are bad risks, and each value has as many rows as pandas counts", balance_of("credit_risk")),
        must("no row repeats another", lambda audit: copies(audit) == 0),
        must("no cell is missing", state("VA802", "passed")),
        must("no placeholder", state("VA806", "passed")),
        must("checking_status tells the label", predicts("checking_status")),
        must("credit_amount is a number", column("credit_amount", kind="count", in_model=True)),
        must("no column repeats another", state("VA351", "passed")),
        must("telephone, yes or no, is no personal data", state("VA851", "passed")),
        never("a column gives the label away", lambda audit: any(audit.findings("VA502"))),
    ),
    "credit_risk",
    ("age", "personal_status_sex", "foreign_worker"),
    of_cases=False,
)
_ADULT = Case(
    "adult",
    (
        must("education-num is education under other names", rule("renamed", "education", "education-num")),
        must("52 rows repeat another", lambda audit: copies(audit) == 52),
        must("capital-gain is 99999 in 244 rows", finding("VA806", "capital-gain", rows=244)),
        must("workclass and occupation are missing together", naming("VA808", "workclass", "occupation")),
        must("a husband is male, but for 1 row", rule("implies", "relationship", "sex", exceptions=1)),
        must("a wife is female, but for 3 rows", rule("implies", "relationship", "sex", exceptions=3)),
        must("each value of the label has as many rows as pandas counts", balance_of("income")),
        must("relationship tells the label", predicts("relationship")),
        must("fnlwgt is a number", column("fnlwgt", kind="count", in_model=True)),
        must("no column is personal data", state("VA851", "passed")),
        never("a column gives the label away", lambda audit: any(audit.findings("VA502"))),
        never("the label is too rare", finding("VA401", severity="medium")),
        never("a gap is about the sex of husbands", region_of("relationship", "sex")),
        never("a gap is about the number of an education", region_of("education", "education-num")),
    ),
    "income",
    ("sex", "race", "age"),
    of_cases=False,
)
TABLES: Mapping[str, Case] = {
    case.name: case for case in (_CUR, _M2, _PENGUINS, _LAW, _ATTRITION, _TITANIC, _WEATHER, _COMPAS, _GERMAN, _ADULT)
}
