"""`python -m assetflow` is `assetflow`."""

from assetflow.cli.main import main

main()
