"""Where work is done: one file an executor, found by its name (`--executor threads`).

Each file offers

    open_executor(workers: int) -> concurrent.futures.Executor

with the standard library's meaning of `submit`, `shutdown` and `with`. What is submitted are functions of a module and
frozen values, so that they can be pickled; a worker shares nothing with the coordinator but files.
"""
