"""What routes about people have in common: their error answers, and the header that names a version of the labels."""

from __future__ import annotations

from curation.errors import NOT_CLUSTERED
from curation.event.people.label_edits import LABELS_CHANGED

__all__ = ["EDITED", "LABELS_ETAG", "NOT_USABLE", "PERSON_NOT_FOUND"]

NOT_USABLE = {
    "not_clustered": (409, NOT_CLUSTERED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "corrections_invalid": (409, "corrections.json is not valid: correction 3: faces is empty. Correct it, or move it"),
    "labels_invalid": (422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
}
PERSON_NOT_FOUND = {"cluster_not_found": (404, "there is no person 99; GET /people lists all")}
EDITED = {
    "busy": (409, "corrections.lock is held by another process; try again when it has ended"),
    "labels_changed": (412, LABELS_CHANGED),
    "labels_conflict": (
        412,
        "somebody else changed the label of 3 meanwhile; nothing was changed. Choose one of the two, and send it again",
    ),
    "storage": (507, "the disk is full: free some space and run again"),
}
LABELS_ETAG = {
    "ETag": {"description": "Of this version of the labels; for If-Match of a change.", "schema": {"type": "string"}}
}
