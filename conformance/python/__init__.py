"""The Python package as a conformance program."""
