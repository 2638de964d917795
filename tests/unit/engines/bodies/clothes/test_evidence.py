import numpy as np
import pytest

from curation.engines.bodies.clothes.evidence import FEATURES, evidence_of, worth_asking
from curation.engines.bodies.clothes.parsing_network import ParsedPicture
from curation.engines.bodies.clothes.window import window_of
from tests.dressed_people import dressed_person


def _evidence(*, with_pose: bool, with_face: bool) -> np.ndarray:
    drawn = dressed_person(with_pose=with_pose, with_face=with_face)
    window = window_of(drawn.person.box, 200, 360, grid_px=96)
    maps = np.zeros((512, 512), dtype=np.float32)
    parsed = ParsedPicture(maps, maps + np.float32(0.8), maps)
    mask = window.mask_on_grid(drawn.whole)
    return evidence_of(window, window.picture(drawn.pixels), parsed, mask, drawn.person)


@pytest.mark.parametrize("with_pose", [True, False])
@pytest.mark.parametrize("with_face", [True, False])
def test_what_is_missing_is_marked(with_pose: bool, with_face: bool) -> None:
    evidence = _evidence(with_pose=with_pose, with_face=with_face)
    assert evidence.shape[2] == len(FEATURES)
    assert evidence.dtype == np.float32
    missing = {name for place, name in enumerate(FEATURES) if np.isnan(evidence[..., place]).all()}
    wanted = set()
    if not with_face:
        wanted |= {"lightness_less_face", "a_less_face", "b_less_face", "away_from_face_colour"}
    if not with_pose:
        wanted |= {name for name in FEATURES if name.startswith("from_")} | {"beside_torso", "along_torso"}
    if not with_pose and not with_face:
        wanted |= {"beside_head", "below_head"}
    assert missing == wanted
    known = [place for place, name in enumerate(FEATURES) if name not in missing]
    assert np.isfinite(evidence[..., known]).all()


def test_the_face_is_like_itself_and_the_wall_is_not() -> None:
    evidence = _evidence(with_pose=True, with_face=True)
    away = evidence[..., FEATURES.index("away_from_face_colour")]
    window = window_of(dressed_person().person.box, 200, 360, grid_px=96)
    (x, y), (wall_x, wall_y) = np.rint(window.places(np.array([[100.0, 45.0], [60.0, 45.0]]))).astype(int)
    assert away[y, x] < 0.02
    assert away[wall_y, wall_x] > 0.1


def test_only_people_are_worth_asking() -> None:
    mask = np.zeros((60, 40), dtype=np.float32)
    assert not worth_asking(mask).any()
    mask[20:40, 10:30] = 1
    worth = worth_asking(mask)
    assert worth[20:40, 10:30].all()
    assert not worth[0].any()
