"""From a forecast to a value: groups of rows that segments call."""
