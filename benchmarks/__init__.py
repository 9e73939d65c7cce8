"""Speed of MLSpec beside its peers and floors: ``python -m benchmarks`` prints one table.

Each row is one operation, measured in a process of its own environment (`benchmarks.worker`). All
rows take turns, round after round, so that what else the machine does falls on all of them; only
ratios within one run are stable. The facts that are recorded are the same for everybody
(`benchmarks.sample`).
"""
