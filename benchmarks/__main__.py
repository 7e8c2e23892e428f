"""Prints what assetflow costs beside what it is to cost.

    python -m benchmarks                  every figure (some minutes, and two gigabytes of temporary space)
    python -m benchmarks --quick          the same with small numbers: it shows that things run, not how fast
    python -m benchmarks noop edit        some of them

All figures are processor time of whole processes, user and system, of all their threads; `best` of alternating runs
is compared, since other work on the machine can only add.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

from benchmarks.figures import FULL, PARTS, QUICK, Figure
from benchmarks.measure import best, compile_bytecode, median

HEADER = f"{'what':<31} {'best':>9} {'median':>9}   {'compared with':<22} {'measured':>9}  {'to reach':>9}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="small numbers")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where to put projects and data, and leave them")
    given = parser.parse_args()
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    compile_bytecode()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    print(f"{HEADER}\n{'-' * len(HEADER)}")
    with tempfile.TemporaryDirectory(prefix="assetflow-bench-", ignore_cleanup_errors=True) as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in given.parts or PARTS:
            for figure in PARTS[name](folder, QUICK if given.quick else FULL):
                print(line(figure), flush=True)


def line(figure: Figure) -> str:
    """One figure as a row of the table."""
    least, middle = best(figure.costs), median(figure.costs)
    least_text, middle_text = (
        (f"{cost.memory / 2**20:.0f} MB" if figure.memory else f"{cost.seconds:.3f} s") for cost in (least, middle)
    )
    if figure.base is None:
        measured, compared, unit = least.seconds, "", " s"
    else:
        base = best(figure.base)
        measured = least.memory / base.memory if figure.memory else least.seconds / base.seconds
        base_text = f"{base.memory / 2**20:.0f} MB" if figure.memory else f"{base.seconds:.3f} s"
        compared, unit = f"{figure.against} {base_text}", " x"
    to_reach = "" if figure.to_reach is None else f"{figure.to_reach:.2f}{unit}"
    verdict = "" if figure.to_reach is None else "reached" if measured <= figure.to_reach else "MISSED"
    return (
        f"{figure.what:<31} {least_text:>9} {middle_text:>9}   {compared:<22} {measured:>7.2f}{unit}"
        f"  {to_reach:>9}  {verdict}"
    ).rstrip()


if __name__ == "__main__":
    main()
