"""Evaluates the bodies of assets, queries and functions, and notes what functions are seen to read."""
