"""`make test`: all tests in three phases, the quick ones first; what took longest, the coverage, and one line of sums.

Every phase runs, whatever became of those before it. The last line of standard output is `N passed, N failed, N
skipped` over all of them, and the exit code is 1 if a test failed or a phase did not come to its end.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent

PHASES: dict[str, tuple[str, ...]] = {
    "unit": ("tests/unit",),
    "integration": ("tests/integration", "tests/contract"),
    "acceptance": ("tests/acceptance",),
}
"""The folders of each phase. What breaks a unit breaks what is built of it too, so units speak first."""

SLOWEST_SHOWN = 10
UNMEASURED = frozenset({"integration", "acceptance"})
"""Phases whose coverage is not measured, as that takes a third of their time: they go long ways through what the units
cover."""
INTERRUPTED_EXIT_CODE = 130


@dataclass(frozen=True, slots=True)
class Phase:
    """How a phase went. `failed` counts tests; `ended_well` is pytest's own word, its exit code 0."""

    name: str
    seconds: float
    passed: int
    failed: int
    skipped: int
    ended_well: bool
    durations: tuple[tuple[float, str], ...]  # seconds and test

    @property
    def failures(self) -> int:
        """The tests that failed, and at least 1 if pytest did not end well: no test found, or a fault of its own."""
        return self.failed if self.ended_well else max(self.failed, 1)

    def __str__(self) -> str:
        words = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        if not self.ended_well and not self.failed:
            words += ", but it did not end well: see above"
        return f"{self.seconds:7.0f} s  {self.name}: {words}"


def main() -> int:
    """Run the phases and tell how they went; the exit code."""
    phases = []
    with tempfile.TemporaryDirectory() as folder:
        for name, folders in PHASES.items():
            print(f"\n==> {name}: {' '.join(folders)}", flush=True)
            phases.append(run_phase(name, folders, Path(folder) / f"{name}.xml"))

    coverage = subprocess.run([sys.executable, "-m", "coverage", "report"], cwd=ROOT, check=False)
    forgotten = folders_in_no_phase()

    print("\nThe slowest tests:")
    every = sorted((pair for phase in phases for pair in phase.durations), reverse=True)
    for seconds, test in every[:SLOWEST_SHOWN]:
        print(f"{seconds:7.1f} s  {test}")
    print("\nThe phases, the longest first:")
    for phase in sorted(phases, key=lambda phase: -phase.seconds):
        print(phase)
    for folder_name in forgotten:
        print(f"{folder_name} has tests and stands in no phase: add it to tools/run_tests.py")
    if coverage.returncode:
        print("The coverage could not be told.")

    failed = sum(phase.failures for phase in phases) + len(forgotten)
    passed, skipped = sum(phase.passed for phase in phases), sum(phase.skipped for phase in phases)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or coverage.returncode else 0


def run_phase(name: str, folders: Sequence[str], report: Path) -> Phase:
    """Run the tests of some folders, adding to the coverage of the phases before."""
    folders = [folder for folder in folders if (ROOT / folder).is_dir()]
    command = [sys.executable, "-m", "pytest", "-n", "2", f"--junitxml={report}", *folders]
    if name not in UNMEASURED:
        command += ["--cov", "--cov-append", "--cov-report="]
    begun = time.monotonic()
    # Without a folder pytest would take all tests there are.
    code = wait_for(subprocess.Popen(command, cwd=ROOT)) if folders else 1
    seconds = time.monotonic() - begun
    # What was measured stands in .coverage now. A process that a test killed can leave half a file, of which every
    # later phase would warn.
    for left_over in ROOT.glob(".coverage.*"):
        left_over.unlink()

    # By test, since the report has one that got a second chance twice, the first time with nothing said against it.
    durations: dict[str, float] = defaultdict(float)
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase") if report.is_file() else ():
        test = f"{case.get('classname')}::{case.get('name')}"
        durations[test] += float(case.get("time", 0))
        if case.find("failure") is not None or case.find("error") is not None:
            outcomes[test] = "failed"
        elif case.find("skipped") is not None:  # expected failures too
            outcomes[test] = "skipped"
        else:
            outcomes.setdefault(test, "passed")
    counts = Counter(outcomes.values())
    times = tuple((duration, test) for test, duration in durations.items())
    return Phase(name, seconds, counts["passed"], counts["failed"], counts["skipped"], code == 0, times)


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process; after Ctrl-C, which it hears too, it has its time to stop what it started."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def folders_in_no_phase() -> list[str]:
    """Folders of `tests/` whose tests no phase would run."""
    known = {folder for folders in PHASES.values() for folder in folders}
    having = {path.relative_to(ROOT).parts[:2] for path in (ROOT / "tests").rglob("test_*.py")}
    return sorted({"/".join(parts) for parts in having} - known)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED_EXIT_CODE)
