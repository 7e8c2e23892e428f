"""`make oracle`: the corpus, 1,000 made-up queries and 1,000 made-up functions against running them; prints the figures.

python -m tests.oracle [MADE_UP_QUERIES] [ROUNDS]
"""

from __future__ import annotations

import sys
from collections import Counter

from assetflow.lineage.sql_columns import sql_lineage
from tests.oracle.corpus import Case, corpus
from tests.oracle.database import SCHEMAS, Engine
from tests.oracle.influence import judge
from tests.oracle.made_up import made_up
from tests.oracle.made_up_frames import SOURCES, lazy_function, lineage_of, missed

SETS = ("corpus", "made up")


def main(wanted: int = 1000, rounds: int = 3) -> int:
    engine = Engine()
    cases = {"corpus": corpus(), "made up": [Case(f"made_up:{seed}", made_up(seed)) for seed in range(wanted)]}
    wrong = 0
    for name in SETS:
        methods: Counter[str] = Counter()
        told = seen = unsound = whole = 0
        for number, case in enumerate(cases[name]):
            lineage = sql_lineage(case.sql, SCHEMAS)
            methods[lineage.method] += 1
            whole += bool(lineage.whole)
            judged = judge(case.sql, lineage, engine, seed=number, rounds=rounds)
            told += len(judged.claimed)
            seen += len(judged.claimed & judged.seen)
            unsound += bool(judged.missed)
            for each in judged.missed[:3]:
                print(f"{case.name}: {each}\n{case.sql}", flush=True)
        answered = ", ".join(f"{count} {method}" for method, count in methods.most_common())
        print(
            f"{name}: {len(cases[name]):,} queries ({answered}; {whole} read everything), "
            f"{seen:,} of {told:,} columns in read-sets seen at work in {rounds} rounds; unsound: {unsound}",
            flush=True,
        )
        wrong += unsound
    wrong += functions(wanted, rounds)
    return 1 if wrong else 0


def functions(wanted: int, rounds: int) -> int:
    exact = told = there = unsound = 0
    for seed in range(wanted):
        function = lazy_function(seed)
        lineage = lineage_of(function)
        exact += lineage.exact
        told += sum(len(columns or ()) for columns in lineage.reads.values())
        there += sum(len(SOURCES[table]) for table in function.parameters)
        found = missed(function, lineage, seed, rounds)
        unsound += bool(found)
        if found:
            print(f"function {seed}: {', '.join(found)} not told of\n{function.text}", flush=True)
    print(
        f"functions of LazyFrames: {wanted:,} ({exact:,} exact), {told:,} of {there:,} columns in read-sets; "
        f"unsound: {unsound}",
        flush=True,
    )
    return unsound


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
