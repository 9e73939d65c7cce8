"""Makes the cases, the same bytes each time: fixed keys, times and ids, no randomness."""
