"""How the rows of a query follow from the rows that changed in what it reads.

A query is taken apart into blocks (`blocks`): one SELECT or set operation each, over tables and other blocks. For every
table and every block there are four relations: the rows then, the rows now, those that came and those that went

    sales__old  sales__new  sales__plus  sales__minus

and each kind of block is a rule that makes the last two out of those of what it reads:

    linear     filters, projections, joins, UNION ALL           the block itself, over what came and over what went
    keyed      GROUP BY, windows, DISTINCT, set operations,     find the keys of what came and went (`touched`), and
               DISTINCT ON, FULL JOIN, the other side of        make the rows of these keys anew, then and now
               outer and semi joins, IN, EXISTS and other
               correlated subqueries (`subqueries`)

and three that need the rows that are there as well, and so hold for the last block only:

    merged     sums, counts, least and greatest                 combine the rows that are there with what came, take
                                                                off what went (`merged`, `merging`)
    first rows QUALIFY row_number() ... <= n                    choose among those that are there and those that came
    new rows   DISTINCT, UNION                                  add those that are not there yet

    same value a subquery that is looked up by nothing          evaluate it then and now: nothing came of it, or
                                                                all of it did (`same_value`)

and two that need groups which were kept beside the rows:

    kept       averages and the like, ROLLUP, CUBE              groups with the states of their aggregates (`split`,
                                                                `states`), refreshed as if they were the table
    whole      LIMIT, windows over everything, totals of        what stands above such groups, made of them anew
               totals                                           (`whole`)

    (none)     all else: a full refresh, with the reason        `Refused`, which names the construct and its line

`refresh` chooses among `rules/`, which work with a DuckDB cursor (`work`); who asked puts the result into the files of
the table. Nothing resolves names by itself: a block is DuckDB's own parse tree with other tables put in, and DuckDB
binds it.
"""
