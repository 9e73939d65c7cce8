"""`buf convert --validate` as a conformance program."""
