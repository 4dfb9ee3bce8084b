"""How a graph of rows is computed: arrays of draws, or Excel formulas."""
