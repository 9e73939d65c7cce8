"""Speed of MLSpec beside its peers and floors: ``python -m benchmarks`` prints one table."""
