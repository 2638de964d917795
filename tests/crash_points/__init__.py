"""Processes that are killed before each change that they make to the file system, and what must hold afterwards.

`python -m tests.crash_points --help` runs them; docs/reliability.md has the table of scenarios and what held.

- `changes.py`: the audit hook that counts changes and kills before the n-th, in a process and in those it starts.
- `whole.py`: whether every file is whole.
- `killing.py`: runs a function in a process of its own that is killed, and looks for what it left running.
- `scenario.py`: what a scenario is: a prepared folder, steps, and what they must leave.
- `trials.py`: one scenario at all its crash points, or some of them, or at random times.
- `scenarios/`: a module for each part of the program.
"""
