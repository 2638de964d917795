"""Benchmarks and the evaluation: they print figures and assert nothing."""
