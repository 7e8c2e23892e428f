"""Does what a plan says: computes on workers, keeps what came out, publishes in one transaction."""
