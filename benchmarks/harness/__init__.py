"""How benchmarks run and time the program, and how they report figures."""
