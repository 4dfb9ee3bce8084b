"""What a generated kernel calls: operations the compiler turns into vector instructions.

There is no branch and no call to a mathematical library in them, so that a loop over draws stays a
vector loop, and the last bit is the same on every machine. Exponentials, logarithms and powers
follow Sun's fdlibm (e_exp.c, e_log.c, e_pow.c), whose error is below one unit in the last place.
Generated modules import this module, nothing else does: it needs numba.
"""

# ruff: noqa: ARG001 - numba asks for the arguments of an intrinsic by name
# ruff: noqa: PLR2004 - fdlibm's numbers stand where they are used, as there

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

# Numbers in hexadecimal are those of fdlibm: a high part with trailing zeros, and the rest.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_PER_LN2 = 1.44269504088896338700
_NEAREST = 1.5 * 2.0**52  # added and taken away again, it rounds to a whole number
_LARGEST = float(np.finfo(float).max)
_SMALLEST_NORMAL = float(np.finfo(float).tiny)
_BIAS, _MANTISSA = np.uint64(1023), np.uint64(52)
_MANTISSA_BITS = np.uint64(2**52 - 1)
_HIGH_BITS = np.uint64(0xFFFFFFFF00000000)
_ONE = np.uint64(1023 << 52)
_TWO_TO_52 = np.uint64((1023 + 52) << 52)
_ROOT_HALF = np.uint64(0x3FE6A09E00000000)
_NAN, _INFINITY = float("nan"), float("inf")

Code = Any  # of llvmlite and numba, which ship no types


def _select(_: Code, flag: Code, then: Code, otherwise: Code) -> Code:
    """One of two numbers, both of which are known: no branch."""

    def code(_: Code, builder: Code, __: Code, parts: Code) -> Code:
        return builder.select(*parts)

    return types.float64(types.boolean, types.float64, types.float64), code


def _finite(_: Code, value: Code) -> Code:
    """A number, or a gap where it is infinite: x - (x - x), which changes no number."""

    def code(_: Code, builder: Code, __: Code, parts: Code) -> Code:
        return builder.fsub(parts[0], builder.fsub(parts[0], parts[0]))

    return types.float64(types.float64), code


def _ordered(_: Code, left: Code, right: Code) -> Code:
    """Whether neither of two numbers is a gap."""

    def code(_: Code, builder: Code, __: Code, parts: Code) -> Code:
        return builder.fcmp_ordered("ord", *parts)

    return types.boolean(types.float64, types.float64), code


def _bits(_: Code, value: Code) -> Code:
    """The 64 bits of a number."""

    def code(context: Code, builder: Code, _: Code, parts: Code) -> Code:
        return builder.bitcast(parts[0], context.get_value_type(types.uint64))

    return types.uint64(types.float64), code


def _number(_: Code, bits: Code) -> Code:
    """The number of 64 bits."""

    def code(context: Code, builder: Code, _: Code, parts: Code) -> Code:
        return builder.bitcast(parts[0], context.get_value_type(types.float64))

    return types.float64(types.uint64), code


def _floor(_: Code, value: Code) -> Code:
    """The next whole number below."""

    def code(_: Code, builder: Code, __: Code, parts: Code) -> Code:
        function = builder.module.declare_intrinsic("llvm.floor", [parts[0].type])
        return builder.call(function, parts)

    return types.float64(types.float64), code


_made: Callable[[Code], Code] = intrinsic
_inline: Callable[[Code], Code] = njit(forceinline=True, error_model="numpy")

select: Callable[[bool, float, float], float] = _made(_select)
finite: Callable[[float], float] = _made(_finite)
ordered: Callable[[float, float], bool] = _made(_ordered)
bits: Callable[[float], np.uint64] = _made(_bits)
number: Callable[[np.uint64], float] = _made(_number)
floor: Callable[[float], float] = _made(_floor)


def _high(x: float) -> float:
    """The upper half of a number: products of such are exact."""
    return number(bits(x) & _HIGH_BITS)


def _two_to(n: float) -> float:
    """Two to a whole number from -1022 to 1023, by its bits."""
    return number((bits(n + _NEAREST) + _BIAS) << _MANTISSA)


high: Callable[[float], float] = _inline(_high)
two_to: Callable[[float], float] = _inline(_two_to)


def _scaled(x: float, n: float) -> float:
    """A number times two to a whole number, in two steps, as the power alone may overflow."""
    half = (n * 0.5 + _NEAREST) - _NEAREST
    return x * two_to(half) * two_to(n - half)


def _near_zero(x: float) -> float:
    """Of exp(x) = 1 + x + x c / (2 - c), the c."""
    t = x * x
    p = 6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846e-08)
    return x - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * p))


scaled: Callable[[float, float], float] = _inline(_scaled)
near_zero: Callable[[float], float] = _inline(_near_zero)


def _exp(x: float) -> float:
    """Exponential; a gap where too large."""
    x = select(x < 710.0, x, 710.0)  # overflows, and so is a gap; so is what was one
    x = select(x > -746.0, x, -746.0)
    n = (x * _PER_LN2 + _NEAREST) - _NEAREST
    above, below = x - n * _LN2_HIGH, n * _LN2_LOW
    rest = above - below
    c = near_zero(rest)
    return finite(scaled(1.0 - ((below - rest * c / (2.0 - c)) - above), n))


def _log(x: float) -> float:
    """Natural logarithm; a gap where there is none."""
    tiny = x < _SMALLEST_NORMAL
    shifted = bits(select(tiny, x * 2.0**54, x)) + (_ONE - _ROOT_HALF)
    n = number((shifted >> _MANTISSA) | _TWO_TO_52) - (2.0**52 + 1023.0)
    n -= select(tiny, 54.0, 0.0)
    f = number((shifted & _MANTISSA_BITS) + _ROOT_HALF) - 1.0  # from root 1/2 to root 2, less 1
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = 2.222219843214978396e-01 + w * 1.531383769920937332e-01
    odd = 1.818357216161805012e-01 + w * 1.479819860511658591e-01
    even = w * (3.999999999940941908e-01 + w * even)
    odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * odd))
    half = 0.5 * f * f
    result = n * _LN2_HIGH - ((half - (s * (half + even + odd) + n * _LN2_LOW)) - f)
    return select(x > 0.0, select(x <= _LARGEST, result, _NAN), _NAN)


def _log2_parts(x: float) -> tuple[float, float]:
    """Logarithm to base 2 of a number above zero, as two numbers to be added."""
    tiny = x < _SMALLEST_NORMAL
    whole = bits(select(tiny, x * 2.0**54, x))
    n = number((whole >> _MANTISSA) | _TWO_TO_52) - (2.0**52 + 1023.0) - select(tiny, 54.0, 0.0)
    m = number((whole & _MANTISSA_BITS) | _ONE)
    upper = m >= 1.7320508075688772  # root of 3: the next power of two is nearer
    m, n = select(upper, m * 0.5, m), n + select(upper, 1.0, 0.0)
    middle = m >= 1.224744871391589  # root of 3/2: nearer to 3/2 than to 1
    base = select(middle, 1.5, 1.0)
    u, v = m - base, 1.0 / (m + base)
    s = u * v
    s_high, t_high = high(s), high(m + base)
    s_low = v * ((u - s_high * t_high) - s_high * (m - (t_high - base)))
    z = s * s
    r = 2.72728123808534006489e-01 + z * (2.30660745775561754067e-01 + z * 2.0697501780033842e-01)
    r = 4.28571428578550184252e-01 + z * (3.33333329818377432918e-01 + z * r)
    r = z * z * (5.99999999999994648725e-01 + z * r) + s_low * (s_high + s)
    z = s_high * s_high
    t_high = high(3.0 + z + r)
    u, v = s_high * t_high, s_low * t_high + (r - ((t_high - 3.0) - z)) * s
    p_high = high(u + v)
    p_low = v - (p_high - u)
    z_high = 9.61796700954437255859e-01 * p_high
    z_low = -7.02846165095275826516e-09 * p_high + p_low * 9.61796693925975554329e-01
    z_low += select(middle, 1.35003920212974897128e-08, 0.0)
    above = select(middle, 5.84962487220764160156e-01, 0.0)
    first = high(((z_high + z_low) + above) + n)
    return first, z_low - (((first - n) - above) - z_high)


log2_parts: Callable[[float], tuple[float, float]] = _inline(_log2_parts)


def _positive_power(x: float, y: float) -> float:
    """Power of a number above zero; infinite where too large."""
    first, second = log2_parts(x)
    y_high = high(y)
    low, top = (y - y_high) * first + y * second, y_high * first
    whole = low + top
    within = select(whole < 1030.0, select(whole > -1080.0, whole, -1080.0), 1030.0)
    n = (within + _NEAREST) - _NEAREST
    top -= n
    t = high(low + top)
    v = (low - (t - top)) * 6.93147180559945286227e-01 + t * -1.90465429995776804525e-09
    u = t * 6.93147182464599609375e-01
    z = u + v
    w = v - (z - u)
    c = near_zero(z)
    result = scaled(1.0 - ((z * c / (c - 2.0) - (w + z * w)) - z), n)
    return select(whole > 1030.0, _INFINITY, select(whole < -1080.0, 0.0, result))


positive_power: Callable[[float, float], float] = _inline(_positive_power)


def _power(x: float, y: float) -> float:
    """Power as C defines it, but a gap where infinite."""
    size = select(x < 0.0, -x, x)
    far = select(
        y > 1e20, 1e20, select(y < -1e20, -1e20, y)
    )  # is 0, 1 or too large, as further out
    result = positive_power(size, far)
    half = far * 0.5
    negative = select(floor(half) == half, result, -result)
    result = select(x < 0.0, select(floor(far) == far, negative, _NAN), result)
    at_end = select(y < 0.0, select(size > 1.0, 0.0, _NAN), select(size < 1.0, 0.0, _NAN))
    result = select(size > 0.0, select(size <= _LARGEST, result, at_end), at_end)
    result = select(ordered(x, y), result, _NAN)
    return finite(select(x == 1.0, 1.0, select(y == 0.0, 1.0, result)))


exp: Callable[[float], float] = _inline(_exp)
log: Callable[[float], float] = _inline(_log)
power: Callable[[float, float], float] = _inline(_power)
