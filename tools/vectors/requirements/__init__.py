"""Deployments that show what a trust file requires, and such as lack it: the vectors of that."""
