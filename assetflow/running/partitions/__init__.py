"""Partitions of one asset: which are stale, which there are, making them, and the table put together of all."""
