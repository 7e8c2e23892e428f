"""What must survive: kills, refusing disks, signals, crowds, stubborn notebooks, nonsense as input, bugs of our own.

    python -m tests.reliability              everything, with the figures of a long run; prints a table
    python -m tests.reliability --quick      a small part of each
    python -m tests.reliability kills sync   some of it

A part is a function `(tally, scale)` in a file of its own, named in `__main__.PARTS`. What is killed and interfered with
is data: a line in `commands.py`. pytest runs a small fixed sample, in `test_sample.py`.
"""
