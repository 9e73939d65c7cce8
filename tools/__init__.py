"""What `make` runs: generating, comparing, documenting and packaging the specification.

Nothing here is part of the distribution.
"""
