"""What must survive: kills, refusing disks, signals, crowds, stubborn notebooks, nonsense as input, bugs of our own.

    python -m tests.reliability --pieces D   everything, in pieces whose figures are kept in the folder D; prints a table
    python -m tests.reliability              the same in one go, with faults at every call, which takes half a day
    python -m tests.reliability --quick      a small part of each
    python -m tests.reliability kills sync   some of it

A part is a function `(tally, scale)` in a file of its own, named in `__main__.PARTS`. What is killed and interfered with
is data: a line in `commands.py`. pytest runs a small fixed sample, in `test_sample.py`.
"""
