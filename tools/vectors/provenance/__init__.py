"""Chains of sealed records, whole and altered: the vectors of the rules across records."""
