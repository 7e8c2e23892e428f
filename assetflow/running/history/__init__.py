"""Keeps the history of what changes: `history = "scd2"`.

    tasks/kept_history (coordinator)  which snapshot holds the history so far
    delivery                  what the query gives now, and what cannot be taken
    columns                   one set of columns for what was kept and what came
    versions                  the versions of the keys concerned, as they are now
    keep                      (worker) all of it in order, into as few files as possible

A history is state: what it holds cannot be made again from what is there now. So nothing here ever drops a version.
"""
