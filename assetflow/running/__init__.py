"""Does what a plan says: computes on workers, keeps what came out, publishes in one transaction.

    run           the coordinator: given an order, decides for each step once more, waiting for its upstreams
    contents      what every table holds by now; sources/ what the files of others hold
    tasks/        what a worker is told: the tables that it reads, what changed in them, what there is already
    computing/    the work of one step, on a worker: bodies/ evaluates in full, refreshes/ follow what changed,
                  history/ adds to what is kept, partitions/ does all of that part by part; then the checks
    built         what it hands back
    keeping/      keeps it, and publishes

A worker has a workshop (a session, and python/: the modules of the project); what happens is told in events.
"""
