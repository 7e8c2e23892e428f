"""What people type: one file a command, and `screen` for everything that is printed."""

import gc

# Importing modules and reading a project make many values and no garbage; looking for some took a quarter of a no-op.
gc.set_threshold(100_000)
