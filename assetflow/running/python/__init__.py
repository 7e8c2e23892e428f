"""Runs the Python of a project: imports its files and watches what they read, calls its functions without rows."""
