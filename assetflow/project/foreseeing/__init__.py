"""Foresees a run: which assets are meant, what they are compared with, how each will be made, and which partitions."""
