from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]

PARSERS = {
    *(
        "json.loads",
        "json.load",
        "yaml.safe_load",
        "yaml.load",
        "np.load",
        "np.fromfile",
        "pickle.load",
        "pickle.loads",
    ),
    *("ast.literal_eval", "marshal.loads", "eval", "exec"),
}

ALLOWED = {
    "curation/api/pages/words/problems.py",  # a script of the program itself
    "curation/cli/serving.py",  # what the service that it started answers
    "curation/engines/retinaface/prepared_networks.py",  # of a network that was prepared here, known by its hash
    "curation/jobs/store.py",  # rows that the program wrote; what is wrong with one is mapped there
    "curation/parsing/json_text.py",
    "curation/pipelines/grouping_task.py",  # arrays that the parent wrote a moment ago; memory is mapped, not read
    "curation/remote/own_process.py",  # what the parent or the child says
    "curation/storage/analysis_rows.py",  # rows of the analysis store, with checksums
    "curation/storage/analysis_store.py",
    "curation/storage/assets/rows.py",  # rows that the program wrote
    "curation/workers/alone.py",  # what the parent and the child say
    "curation/workers/decoders/child.py",  # what the parent says
    "curation/workers/worker_process.py",
}


def called(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_nobody_but_the_parsing_room_parses() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "curation").rglob("*.py")
        if not PARSERS.isdisjoint(called(path))
    }
    assert found <= ALLOWED, "read files with curation.parsing: its errors are mapped, its limits are checked"
    assert found >= ALLOWED - {"curation/storage/analysis_rows.py", "curation/storage/analysis_store.py"}
