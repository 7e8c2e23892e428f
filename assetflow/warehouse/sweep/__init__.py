"""Removes what nobody can reach any more, and knows who still reads what."""
