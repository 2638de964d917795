"""Python imports this at the start of each process that a trial starts, as the folder is in PYTHONPATH."""

from tests.crash_points.changes import watch_as_told

watch_as_told()
