"""What a worker is told to make one asset: what it reads, what changed in that, what there is of it already."""
