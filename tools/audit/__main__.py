"""Asks the databases of published faults about every package of `requirements-dev.lock`, which holds all other locks.

pip-audit calls it good news when it could look up nothing: here, packages that nobody could tell anything of are a
failure of their own kind. Exit codes: 0 no known fault; 1 faults, which are listed; 2 some packages, or all, could not
be looked up, and nothing is known of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Audit", "main", "read", "told"]

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements-dev.lock"
SERVICES = ("pypi", "osv")
"""Where faults are looked up, one after the other until one knows all packages."""
_WITHIN_S = 600
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Audit:
    """What a database said.

    Attributes:
        known: How many packages it knows.
        unknown: Packages that it could say nothing of.
        faults: A line for each published fault.
    """

    known: int
    unknown: tuple[str, ...]
    faults: tuple[str, ...]


def main() -> int:
    """Ask, and print what was said; the exit code."""
    reasons = []
    best: Audit | None = None
    for service in SERVICES:
        asked = _ask(service)
        if isinstance(asked, str):
            reasons.append(f"{service}: {asked}")
            continue
        if best is None or len(asked.unknown) < len(best.unknown):
            best = asked
        if not asked.unknown:
            break
    text, code = told(best, reasons)
    print(text)
    return code


def _ask(service: str) -> Audit | str:
    """What a database says, or why it says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        try:
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes"),
                    *("--disable-pip", "--vulnerability-service", service, "--progress-spinner", "off"),
                    *("--format", "json", "--output", str(answer)),
                ],
                capture_output=True,
                text=True,
                timeout=_WITHIN_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"no answer in {_WITHIN_S} s"
        if not answer.is_file() or not answer.stat().st_size:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            return lines[-1][:300]
        return read(answer.read_text(encoding="utf-8"))


def read(text: str) -> Audit:
    """pip-audit's answer in JSON."""
    packages: Sequence[Mapping[str, object]] = json.loads(text)["dependencies"]
    unknown = tuple(str(package["name"]) for package in packages if "skip_reason" in package)
    faults = []
    for package in packages:
        found = package.get("vulns") or ()
        assert isinstance(found, Sequence)
        for fault in found:
            mended = ", ".join(fault.get("fix_versions") or ()) or "no version yet"
            faults.append(f"{package['name']} {package['version']}: {fault['id']} (mended in {mended})")
    return Audit(len(packages) - len(unknown), unknown, tuple(faults))


def told(audit: Audit | None, reasons: Sequence[str]) -> tuple[str, int]:
    """The words for a person, and the exit code."""
    lines = list(audit.faults) if audit is not None else []
    if audit is None or not audit.known:
        lines += [f"  {reason}" for reason in reasons]
        lines.append("No database of published faults can be reached from here: NOTHING was checked.")
        return "\n".join(lines), 2
    lines.append(f"{audit.known} packages were looked up: {len(audit.faults) or 'no'} published faults.")
    if audit.unknown:
        names = ", ".join(audit.unknown[:_SHOWN]) + (", ..." if len(audit.unknown) > _SHOWN else "")
        lines.append(f"{len(audit.unknown)} packages are in no database that answered, and were NOT checked: {names}")
    if audit.faults:
        lines.append("`make lock ARGS=--upgrade` moves to newer versions.")
    return "\n".join(lines), 1 if audit.faults else 2 if audit.unknown else 0


if __name__ == "__main__":
    sys.exit(main())
