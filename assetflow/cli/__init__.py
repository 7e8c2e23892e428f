"""What people type: one file a command, and `screen` for everything that is printed."""
