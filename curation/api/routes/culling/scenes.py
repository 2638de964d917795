"""The scenes of an event."""

from __future__ import annotations

from fastapi import APIRouter

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.schemas.culling.scenes import SceneOut, ScenesOut, clocks_out
from curation.domain.bursts.scenes import clock_time
from curation.domain.faces.ids import photo_id
from curation.domain.judging.picks import Pick
from curation.errors import NOT_CLUSTERED

__all__ = ["router"]

router = APIRouter(prefix="/scenes", tags=["photos"])


@router.get(
    "",
    summary="The scenes of the event",
    responses=problem_responses(
        not_clustered=(409, NOT_CLUSTERED),
        face_data_invalid=(409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    ),
)
def list_scenes(context: Context) -> ScenesOut:
    """An event is divided where the pause between two photos is large beside the pauses around it.

    `GET /photos?scene=3&order=time` lists the photos of one.
    """
    catalog = context.catalog
    times, known, scores = catalog.times(), catalog.photos_by_id(), catalog.scores()
    out = []
    for scene in times.scenes:
        ranked = [scores[path] for path in scene.image_paths if path in scores]
        best = min(ranked, key=lambda score: score.rank, default=None)
        out.append(
            SceneOut(
                scene=scene.number,
                start=clock_time(scene.start_s),
                end=clock_time(scene.end_s),
                photos=len(scene.image_paths),
                picked=sum(score.pick is Pick.PICKED for score in ranked),
                best_photo_id=None if best is None else photo_id(best.image_path),
            )
        )
    return ScenesOut(scenes=tuple(out), untimed=len(known) - len(times.taken_s), clocks=clocks_out(times.clocks))
