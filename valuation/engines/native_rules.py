"""What each operation does to numbers, for numba: text that a generated kernel is made of."""

from __future__ import annotations

#: Elementwise operations. Both branches of a `select` are computed: there is no jump.
RULES = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "finite({0} / {1})",
    "max": "select({0} == {0}, select({0} > {1}, {0}, {1}), {0})",
    "min": "select({0} == {0}, select({0} < {1}, {0}, {1}), {0})",
    "mean": "({0} + {1}) * 0.5",
    "where": "select({0} == {0}, select({0} != 0.0, {1}, {2}), nan)",
    "sqrt": "finite(np.sqrt({0}))",
    "exp": "exp({0})",
    "log": "log({0})",
    "power": "power({0}, {1})",
}
#: The same where the first operand is a number written in the formula, and so no gap.
FIRST_IS_NUMBER = {
    "max": "select({0} > {1}, {0}, {1})",
    "min": "select({0} < {1}, {0}, {1})",
}
#: Comparisons give a flag and whether there is one.
COMPARISONS = {"le": "{0} <= {1}", "lt": "{0} < {1}", "eq": "{0} == {1}"}
#: What a total over the years begins with, and how a year's values {1} and {2} enter it.
TOTALS = {
    "sum": ("0.0", "{0} + {1}"),
    "dot": ("0.0", "{0} + {1} * {2}"),
    "final": ("0.0", "{1}"),
    "largest": ("-inf", RULES["max"]),
    "smallest": ("inf", RULES["min"]),
}
#: Operations that read other periods: written by methods of their own.
PAST = {"previous", "years_ago"}
#: How many years ago the kernel learns when it runs, and so loops of its own fill a row.
YEARS_AGO = """\
for i in range({lanes}):
    x = t - {years}
    p = int(select(x > -1.0, select(x < t, x, 0.0), 0.0))
    ws[{row}, i] = select(x > -1.0, {past}, select(x > -2.0, {first}, 0.0))"""
#: The same where all draws look back as far, as they mostly do: whole rows are copied.
YEARS_AGO_ALIKE = """\
x = t - {years}
p = int(min(max(x, 0.0), float(t)))
if x > -1.0:
{past}
elif x > -2.0:
{first}
else:
    for i in range({lanes}):
        ws[{row}, i] = 0.0"""

#: Operations that numpy computes before the kernel runs, and the kernel reads.
AHEAD = {"calendar_year", "year_end", "irr"}
