"""Vectors that trip each validation rule of the specification, derived from the full examples."""
