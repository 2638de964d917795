"""Writing the pictures of the clusters: the best face and varied samples of each."""

from __future__ import annotations

from collections.abc import Sequence

from curation.domain.grouping.clusters import varied_samples
from curation.domain.report import Progress
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.stage import RunContext
from curation.storage.cluster_pictures import CLUSTERS_DIR, ClusterPictures, sample_name

__all__ = ["write_pictures"]

_PROGRESS_EVERY = 50  # clusters


def write_pictures(
    context: RunContext, faces: EventFaces, members: dict[int, list[int]], analysis_key: str, covers: Sequence[int] = ()
) -> None:
    """Write output_clusters/ from the chips in the analysis store.

    Args:
        context: Of the run.
        faces: Of the event.
        members: The faces of each cluster.
        analysis_key: Of the analyses.
        covers: Faces that the user chose as covers, the last chosen one first.

    Raises:
        StorageError: If a chip is missing, or a picture cannot be written.
        RunInterruptedError: If the run was cancelled.
    """
    count = context.settings.clustering.samples_per_cluster
    samples: dict[int, dict[str, int]] = {}
    for cluster, of_cluster in sorted(members.items()):
        context.stop_if_cancelled()
        quality = faces.quality[of_cluster, 3].tolist()
        chosen = varied_samples(faces.embeddings[of_cluster], range(len(of_cluster)), quality, count)
        samples[cluster] = {
            sample_name(n, faces.image_path(face), int(faces.index[face])): face
            for n, face in enumerate((of_cluster[place] for place in chosen), start=1)
        }
    cover_of = {cluster: _cover(covers, of_cluster) for cluster, of_cluster in members.items()} if covers else {}
    pictures = ClusterPictures(context.settings.io.output_dir / CLUSTERS_DIR)
    pictures.expect(samples)
    for done, (cluster, names) in enumerate(samples.items()):
        context.stop_if_cancelled()
        if done % _PROGRESS_EVERY == 0:
            context.progress(Progress("writing thumbnails", done, len(members)))
        chips = [_chip(context, faces, face, analysis_key) for face in names.values()]
        cover = cover_of.get(cluster)
        best = chips[0] if cover is None else _chip(context, faces, cover, analysis_key)
        pictures.write(cluster, best, zip(names, chips, strict=True))
    pictures.finish()
    context.progress(Progress("writing thumbnails", len(members), len(members)))


def _cover(covers: Sequence[int], faces: Sequence[int]) -> int | None:
    there = set(faces)
    return next((face for face in covers if face in there), None)


def _chip(context: RunContext, faces: EventFaces, face: int, analysis_key: str) -> bytes:
    chip = context.store.chip(*faces.place_in_store(face, analysis_key))
    if chip is None:
        raise context.store.lost("the chip of a face")
    return chip
