"""What is measured: a module per environment and kind, each with its `CASES` by name."""
