"""Scores of what was delivered against the truth: pure functions of texts and numbers, no I/O."""
