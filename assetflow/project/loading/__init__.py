"""Reads what a project declares: its settings, SQL files and Python files, checked and put together."""
