"""Records what sources hold: in parts, in place, and only what is new of them."""
