"""The house rules that `Tools/lint` holds: one subject a file, each a function from a House to its violations."""
