"""Stages as background jobs: the runner, the table of jobs, progress and logs. Independent of HTTP."""
