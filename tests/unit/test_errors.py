"""Errors say what and what to do, and carry the exit code of the contract."""

from __future__ import annotations

import pytest

from vaeaudit.errors import InconclusiveError, InputError, InterruptedFit, RunError, UsageError, VaeauditError


def test_a_message_comes_first_and_a_hint_on_a_line_of_its_own() -> None:
    error = InputError("data.csv: no rows.", hint="Give another file.")
    assert str(error) == "data.csv: no rows.\nGive another file."
    assert (error.message, error.hint) == ("data.csv: no rows.", "Give another file.")


def test_without_a_hint_there_is_one_line() -> None:
    assert str(UsageError("--seed: expected a number.")) == "--seed: expected a number."


@pytest.mark.parametrize(
    ("kind", "code"),
    [(UsageError, 2), (InputError, 2), (RunError, 2), (InconclusiveError, 3), (InterruptedFit, 130)],
)
def test_each_error_has_its_exit_code(kind: type[VaeauditError], code: int) -> None:
    assert kind("x").exit_code == code
    assert issubclass(kind, VaeauditError)
