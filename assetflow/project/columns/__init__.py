"""Knows the columns of every table before it is made: where each comes from, what is promised and said of it."""
