"""`make test` as on projects of different kinds: pytest and the script are real, the tests are stand-ins."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

GOOD = "def test_good(): pass\n"
MIXED = """
import pytest, time
def test_good(): time.sleep(0.3)
def test_bad(): assert False
@pytest.fixture
def broken(): raise OSError
def test_set_up_fails(broken): pass
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.flaky(reruns=1)
def test_second_chance(tmp_path_factory):
    seen = tmp_path_factory.getbasetemp() / "seen"
    assert seen.exists() or seen.touch()
@pytest.fixture
def ends_badly():
    yield
    raise OSError
def test_bad_to_the_end(ends_badly): assert False
@pytest.mark.xfail
def test_known(): assert False
"""


def _run(folder: Path, project_root: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "tools").mkdir()
    shutil.copy(project_root / "tools" / "run_tests.py", folder / "tools")
    for name, text in files.items():
        path = folder / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST_"))}
    # Other plugins take seconds to load, in every worker of every phase.
    environment |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "xdist.plugin,pytest_cov.plugin,pytest_rerunfailures",
    }
    return subprocess.run(
        [sys.executable, "tools/run_tests.py"],
        cwd=folder,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_phases_run_in_order_and_are_summed_up(tmp_path: Path, project_root: Path) -> None:
    code = "def called_by(who):\n    if who == 1:\n        return 'unit'\n    return 'other'\n"
    (tmp_path / "work.py").write_text(code)
    calls = "from work import called_by\ndef test_calls(): assert called_by({})\n"
    files = {"acceptance/test_c.py": GOOD, "unit/test_a.py": calls.format(1), "integration/test_b.py": calls.format(2)}

    done = _run(tmp_path, project_root, files | {"contract/test_d.py": GOOD})

    assert done.returncode == 0, done.stdout + done.stderr
    order = [done.stdout.index(f"==> {name}") for name in ("unit", "integration", "acceptance")]
    assert order == sorted(order)
    assert done.stdout.splitlines()[-1] == "4 passed, 0 failed, 0 skipped"
    assert "integration: 2 passed, 0 failed" in done.stdout
    # What units see of it; the ways of the other phases are not measured.
    (covered,) = [line for line in done.stdout.splitlines() if line.startswith("work.py ")]
    assert covered.split()[-1] == "75%"


def test_no_failure_is_hidden_by_the_phases_after_it(tmp_path: Path, project_root: Path) -> None:
    files = {"unit/test_a.py": MIXED, "integration/test_b.py": "", "acceptance/test_c.py": GOOD, "new/test_d.py": GOOD}

    done = _run(tmp_path, project_root, files)

    assert done.returncode == 1
    # Passed: one at once, one at its second chance, one in a later phase. Failed: two tests (one in its end too), one
    # set-up, a phase without a test, a folder that no phase has.
    assert done.stdout.splitlines()[-1] == "3 passed, 5 failed, 2 skipped"
    assert "tests/new has tests and stands in no phase" in done.stdout
    assert "integration: 0 passed, 0 failed, 0 skipped, but it did not end well" in done.stdout
    slowest = done.stdout.partition("The slowest tests:\n")[2].splitlines()[0]
    assert slowest.endswith("tests.unit.test_a::test_good")


def test_a_phase_that_does_not_start_counts_as_failed(tmp_path: Path, project_root: Path) -> None:
    bad = "import nothing_of_that_name\n"
    files = {"unit/test_a.py": bad, "integration/test_b.py": GOOD, "acceptance/test_c.py": GOOD}

    done = _run(tmp_path, project_root, files)

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "2 passed, 1 failed, 0 skipped"
