"""Puts files on the disk and takes them away: so that they survive, under locks, and none that is not ours."""
