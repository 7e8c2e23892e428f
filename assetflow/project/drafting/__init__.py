"""Makes the rows that an asset would have, aside; nothing of it is recorded or published."""
