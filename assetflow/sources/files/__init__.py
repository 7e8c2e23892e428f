"""Files on disk as a source: `files("data/*.csv")`.

data/sales.csv                  one file: .csv .tsv .json .jsonl .ndjson .parquet, also .csv.gz and the like
data/*.csv  data/**/*.parquet   a glob: * ? [ab] within one folder, ** over folders (links to folders not followed)
data/sales                      a folder: every data file below it
data/dt=2024-01-01/x.csv        key=value folders right above every file become columns

`location` is the declaration, `find` looks up the files, `read` writes the SQL, `sniff` asks for columns, `doubt`
refuses what would be read wrong, and `explain` says what DuckDB's errors mean.
"""

from assetflow.sources.files.location import Files, files

__all__ = ["Files", "files"]
