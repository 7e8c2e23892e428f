"""Partitions: windows of time, ranges and sets of keys, how a table is cut, what is declared, and the SQL of keys."""
