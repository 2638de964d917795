"""What the program makes beside the sources stays out of git (`io.output_dir` is that folder unless it is set)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA
from curation.storage.health.file_health import FILE_HEALTH
from curation.storage.photo_scores_file import PHOTO_SCORES
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN, VIDEO_RUN
from curation.storage.said.corrections_file import CORRECTIONS
from curation.storage.said.grouping_answers import GROUPING_ANSWERS
from curation.storage.said.known_refused_file import KNOWN_REFUSED, RECOGNISED
from curation.storage.said.last_good import LAST_GOOD
from curation.storage.said.people_seen_file import PEOPLE_SEEN
from curation.storage.said.picks_file import PICKS
from curation.storage.said.remembered_file import REMEMBERED
from curation.storage.said.said_file import SAID
from curation.storage.said.undo_journal import UNDO
from curation.storage.together.manifest import MANIFEST, NEW_FILES, NEW_LOCK
from curation.storage.video.clip_scores_file import BEST_FRAMES, CLIP_SCORES
from curation.storage.video.remembered_clips import REMEMBERED_CLIPS
from tests.conftest import PROJECT_ROOT

_MADE = (
    *(
        FACE_DATA,
        EMBEDDINGS,
        PHOTO_SCORES,
        FILE_HEALTH,
        CLUSTERING_RUN,
        SCORING_RUN,
        VIDEO_RUN,
        CLIP_SCORES,
        BEST_FRAMES,
    ),
    *("cluster_labels.json", CORRECTIONS, PICKS, PEOPLE_SEEN, KNOWN_REFUSED, RECOGNISED, SAID, REMEMBERED),
    *(REMEMBERED_CLIPS, GROUPING_ANSWERS, UNDO, f"{LAST_GOOD}/{PICKS}", f"{NEW_FILES}/{MANIFEST}", NEW_LOCK),
    *(f"{NEW_FILES}.damaged-1/{MANIFEST}", f"{SAID}.damaged", "output_clusters/cluster_0.jpg", ".curation/told.json"),
)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_no_file_about_people_is_offered_to_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True, capture_output=True)
    shutil.copy(PROJECT_ROOT / ".gitignore", tmp_path)
    told = subprocess.run(
        ["git", "-C", tmp_path, "check-ignore", "--no-index", "--stdin"],
        input="\n".join(_MADE),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not set(_MADE) - set(told.stdout.splitlines())
