"""What routes about people document for OpenAPI: their problems, and the ETag of the labels."""

from __future__ import annotations

from curation.errors import NOT_CLUSTERED
from curation.event.people.label_edits import LABELS_CHANGED

__all__ = ["EDIT_PROBLEMS", "LABELS_ETAG", "NO_AGES", "PERSON_NOT_FOUND", "READ_PROBLEMS"]

READ_PROBLEMS = {
    "not_clustered": (409, NOT_CLUSTERED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "corrections_invalid": (409, "corrections.json is not valid: correction 3: faces is empty. Correct it, or move it"),
    "labels_invalid": (422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
}
NO_AGES = {"attributes_off": (409, "there are no ages of people: set attributes.age in config.yaml to a reader")}
PERSON_NOT_FOUND = {"cluster_not_found": (404, "there is no person 99; GET /people lists all")}
EDIT_PROBLEMS = {
    "busy": (409, "corrections.lock is held by another process; try again when it has ended"),
    "labels_changed": (412, LABELS_CHANGED),
    "labels_conflict": (
        412,
        "someone else has changed the label of 3 in the meantime; nothing was changed. "
        "Choose one of the two labels and send it again",
    ),
    "storage": (507, "the disk is full: free some space and run again"),
}
LABELS_ETAG = {
    "ETag": {
        "description": "The entity tag of this version of the labels, for If-Match of a change.",
        "schema": {"type": "string"},
    }
}
