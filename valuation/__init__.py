"""Equity valuation by parts: assumption sheets in, live Excel reports out."""
