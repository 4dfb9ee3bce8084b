"""`python -m valuation` is the command line."""

from valuation.cli import app

app()
