"""A plan for runs over many machines: measured costs, a simulation, prices."""
