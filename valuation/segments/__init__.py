"""One file per business, and the market they share."""
