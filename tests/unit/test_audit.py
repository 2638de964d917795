"""`make audit`: packages that no database could tell anything of are never called good news."""

from __future__ import annotations

import json

import pytest
from audit.__main__ import Audit, read, told


def test_an_answer_is_read() -> None:
    answer = {
        "dependencies": [
            {"name": "sound", "version": "1.0", "vulns": []},
            {"name": "faulty", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1", "3.0"]}]},
            {"name": "worse", "version": "3.0", "vulns": [{"id": "CVE-2", "fix_versions": []}]},
            {"name": "private", "skip_reason": "Dependency not found on PyPI"},
        ],
        "fixes": [],
    }
    assert read(json.dumps(answer)) == Audit(
        3,
        ("private",),
        ("faulty 2.0: PYSEC-1 (mended in 2.1, 3.0)", "worse 3.0: CVE-2 (mended in no version yet)"),
    )


@pytest.mark.parametrize(
    ("audit", "code", "words"),
    [
        (Audit(75, (), ()), 0, "75 packages were looked up: no published faults"),
        (Audit(75, (), ("faulty 2.0: PYSEC-1",)), 1, "faulty 2.0: PYSEC-1"),
        (Audit(74, ("private",), ()), 2, "NOT checked: private"),
        (Audit(0, tuple("abcdefgh"), ()), 2, "NOTHING was checked"),
        (None, 2, "osv: no way there"),
    ],
)
def test_what_was_not_looked_up_is_said_and_is_no_success(audit: Audit | None, code: int, words: str) -> None:
    text, told_code = told(audit, ["osv: no way there"])
    assert told_code == code
    assert words in text
