"""Decides, purely: which assets are meant, which of them are stale and why, and what to do in which order."""
