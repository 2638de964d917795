"""Running stages in the background: the runner, the table of jobs, progress and logs. Knows no HTTP."""
