"""Tells why: why stale or fresh, what changed in the inputs, which part of a change came of what."""
