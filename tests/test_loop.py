"""The loop leaves out what it says, refuses TensorFlow where it must, and makes shared things once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests import loop

OPTIONS = ("-p", "tests.loop", "-p", "no:cacheprovider")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makeini("[pytest]\nmarkers =\n    tensorflow: .\n    browser: .\n")
    root = Path(__file__).parents[1]
    pytester.syspathinsert(root)
    monkeypatch.setenv("PYTHONPATH", str(root), prepend=os.pathsep)  # in a process of its own, too
    return pytester


def test_the_fast_loop_fails_a_test_that_imports_tensorflow(project: pytest.Pytester) -> None:
    project.makepyfile("def test_a():\n    import keras\n\ndef test_b():\n    import json\n")
    done = project.runpytest_subprocess(*OPTIONS, "--fast")
    done.assert_outcomes(failed=1, passed=1)
    done.stdout.fnmatch_lines(["*the fast loop imports keras: mark this test `tensorflow`*"])


def test_the_fast_loop_leaves_out_what_is_marked_or_uses_a_fixture_that_trains(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.fixture
        def fitted():
            raise AssertionError

        @pytest.fixture
        def reported(fitted):
            return fitted

        def test_by_fixture(reported): pass

        @pytest.mark.tensorflow
        def test_by_mark(): raise AssertionError

        @pytest.mark.browser
        def test_by_browser(): raise AssertionError

        def test_fast(): pass
        """
    )
    finders = list(sys.meta_path)
    project.runpytest_inprocess(*OPTIONS, "--fast").assert_outcomes(passed=1, deselected=3)
    assert sys.meta_path == finders


def test_rooms_that_train_are_there_and_are_not_collected(request: pytest.FixtureRequest) -> None:
    for folder in loop.TRAINING_FOLDERS:
        assert (loop.TESTS / folder).is_dir(), "renamed? then the fast loop would import TensorFlow"
        ignored = loop.pytest_ignore_collect(loop.TESTS / folder, request.config)
        assert ignored is (True if request.config.option.fast else None)


def test_without_a_browser_its_tests_are_skipped_with_one_line_or_refused(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "BROWSERS", ("no-such-browser",))
    project.makepyfile(
        "import pytest\n@pytest.mark.browser\n@pytest.mark.parametrize('n', [1, 2])\ndef test_a(n): pass\n"
    )
    done = project.runpytest_inprocess(*OPTIONS)
    done.assert_outcomes(skipped=2)
    assert [line for line in done.outlines if "install" in line] == [f"2 browser tests were skipped: {loop.INSTALL}"]
    refused = project.runpytest_inprocess(*OPTIONS, "--require-browser")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*--require-browser: install chromium*"])


def test_what_is_shared_is_made_by_one_worker(project: pytest.Pytester) -> None:
    project.makepyfile(
        **{
            f"test_{name}": """
            import os, time

            def test_shared(made_once):
                def make(folder):
                    time.sleep(0.5)  # the other worker arrives meanwhile
                    (folder / os.environ["PYTEST_XDIST_WORKER"]).touch()

                folder = made_once("thing", make)
                assert len(list(folder.iterdir())) == 1
            """
            for name in ("a", "b")
        }
    )
    project.runpytest_subprocess(*OPTIONS, "-n", "2", "--dist", "loadfile").assert_outcomes(passed=2)
