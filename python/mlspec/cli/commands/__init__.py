"""The commands, one file each; each file's `command` is what click calls."""
