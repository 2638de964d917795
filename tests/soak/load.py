"""Tens of thousands of photos through both stages: is the result complete, and does the memory stay?"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from curation.domain.faces.face import Box
from tests.fake_workflow import textured_photo
from tests.many_machines.fake_parts import PREDICTOR_NAME, WEIGHTS_CONTENT
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_PHOTOS = 50_000
_USUAL_MINUTES = 30.0
_FACE_PX = 44
_PEOPLE = 8
_SETTLED = 5_000
"""Photos after which everything is there that the program keeps for all of them."""
_GROWTH_BYTES = 2_000.0
"""The most that the memory may grow with each further photo."""
_ROOT = Path(__file__).parents[2]


def run(soak: Soak) -> None:
    """One event of as many photos as fit the time; the whole 50,000 in half an hour."""
    minutes = (soak.ends_at - time.monotonic()) / 60.0
    count = int(_PHOTOS * min(1.0, minutes / _USUAL_MINUTES))
    paint(soak.folder / "photos", count, random.Random(soak.seed))
    soak.counts["photos"] = count
    for name, content in WEIGHTS_CONTENT.items():
        path = soak.folder / "models" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (soak.folder / "config.yaml").write_text(
        json.dumps(
            {
                "io": {
                    "input_dir": str(soak.folder / "photos"),
                    "output_dir": str(soak.folder / "out"),
                    "state_dir": str(soak.folder / "state"),
                    "models_dir": str(soak.folder / "models"),
                },
                "performance": {"workers": os.cpu_count() or 1},
                "scoring": {"dlib_model_path": f"models/{PREDICTOR_NAME}"},
            }
        )
    )
    for stage, table in (("clustering", "face_data.csv"), ("scoring", "photo_scores.csv")):
        memory = _stage(soak, stage)
        with (soak.folder / "out" / table).open(encoding="utf-8-sig", newline="") as file:
            named = {row["image_path"] for row in csv.DictReader(file)}
        soak.expect(len(named) == count, f"{stage}: {len(named)} of {count} photos are in {table}")
        settled = [(done, megabytes) for done, megabytes in memory if done >= _SETTLED]
        if len(settled) > 1:
            (first, before), (last, after) = settled[0], settled[-1]
            growth = (after - before) * 1e6 / (last - first)
            soak.say(
                f"{stage}: memory of the parent {before:.0f} MB after {first} photos, {after:.0f} MB after {last}: "
                f"{growth:.0f} bytes a photo"
            )
            soak.expect(growth <= _GROWTH_BYTES, f"{stage}: the memory grows by {growth:.0f} bytes with each photo")


def _stage(soak: Soak, stage: str) -> list[tuple[int, float]]:
    """Run a stage; how much memory the parent had after how many photos."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.watched_stage", stage, "--config", str(soak.folder / "config.yaml")],
        capture_output=True,
        text=True,
        cwd=soak.folder,
        env=os.environ | {"PYTHONPATH": str(_ROOT), "CURATION_CONFIG": ""},
        check=False,
    )
    soak.expect(done.returncode == 0, f"{stage} ended with {done.returncode}: {done.stderr[-2000:]}")
    soak.counts[f"seconds of {stage}"] = int(time.monotonic() - begun)
    return [(int(count), float(size)) for count, size in re.findall(r"^RSS (\d+) ([\d.]+)$", done.stderr, re.MULTILINE)]


def paint(folder: Path, count: int, chance: random.Random) -> None:
    """Write photos of one to three of a few people, in folders of a thousand; no two files are equal."""
    height = _FACE_PX + 20
    bases = []
    for _ in range(50):
        people = [chance.randrange(_PEOPLE) for _ in range(chance.choice((1, 1, 2, 3)))]
        boxes = [(Box(10 + 60 * place, 10, _FACE_PX, _FACE_PX), person) for place, person in enumerate(people)]
        bases.append(textured_photo(20 + 60 * len(people), height, boxes))
    for number in range(count):
        array = bases[number % len(bases)].copy()
        array[-1, :4] = np.frombuffer(number.to_bytes(12, "big"), np.uint8).reshape(4, 3)
        path = folder / f"card {number // 1000:02d}" / f"DSC_{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(path, compress_level=1)


PART = SoakPart("load", "50,000 photos through both stages: complete, and memory that stays", run)
