"""What a generated kernel calls: operations the compiler turns into vector instructions.

There is no branch and no call to a mathematical library in them, so that a loop over draws stays a
vector loop, and the last bit is the same on every machine. Exponentials and powers use polynomials
fitted to 2^r at Chebyshev's points, and products rounded once with a sum; their errors are below
1.2 and 0.8 units in the last place. Logarithms follow Sun's fdlibm (e_log.c), below one unit.
Generated modules import this module, nothing else does: it needs numba.
"""

# ruff: noqa: ARG001 - numba asks for the arguments of an intrinsic by name
# ruff: noqa: PLR2004 - coefficients stand where they are used

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

_LN2_SHORT, _LN2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_PER_LN2, _PER_LN2_LOW = 1.4426950408889634, 2.0355273740931033e-17
_LN2, _LN2_LOW = 0.6931471805599453, 2.3190468138462996e-17
_TWICE, _TWICE_LOW = 2.8853900817779268, 4.0710547481862066e-17  # 2 / ln 2
_THIRD, _THIRD_LOW = 0.9617966939259756, 5.0577616648125907e-17  # of that
_NEAREST = 1.5 * 2.0**52  # added and taken away again, it rounds to a whole number
_LARGEST = float(np.finfo(float).max)
_SMALLEST_NORMAL = float(np.finfo(float).tiny)
_MANTISSA = np.uint64(52)
_MANTISSA_BITS = np.uint64(2**52 - 1)
_TWO_TO_52 = np.uint64((1023 + 52) << 52)
_ONE_LESS_ROOT_HALF = np.uint64((1023 << 52) - 0x3FE6A09E00000000)
_ROOT_HALF = np.uint64(0x3FE6A09E00000000)
_NAN, _INFINITY = float("nan"), float("inf")

Code = Any  # of llvmlite and numba, which ship no types


def _select(_: Code, flag: Code, then: Code, otherwise: Code) -> Code:
    """One of two numbers, both of which are known: no branch."""

    def code(_: Code, builder: Code, __: Code, parts: Code) -> Code:
        return builder.select(*parts)

    return types.float64(types.boolean, types.float64, types.float64), code


def _finite(_: Code, value: Code) -> Code:
    """A number, or a gap where it is infinite: x 0 + x, which changes no number."""

    def code(_: Code, builder: Code, __: Code, parts: Code) -> Code:
        return builder.fma(parts[0], parts[0].type(0.0), parts[0])

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


def _fma(_: Code, x: Code, y: Code, z: Code) -> Code:
    """Product of two, plus a third, rounded once: the same on every machine, fast on most."""

    def code(_: Code, builder: Code, __: Code, parts: Code) -> Code:
        return builder.fma(*parts)

    return types.float64(types.float64, types.float64, types.float64), code


_made: Callable[[Code], Code] = intrinsic
_inline: Callable[[Code], Code] = njit(forceinline=True, error_model="numpy")

select: Callable[[bool, float, float], float] = _made(_select)
finite: Callable[[float], float] = _made(_finite)
ordered: Callable[[float, float], bool] = _made(_ordered)
bits: Callable[[float], np.uint64] = _made(_bits)
number: Callable[[np.uint64], float] = _made(_number)
floor: Callable[[float], float] = _made(_floor)
fma: Callable[[float, float, float], float] = _made(_fma)


def _scaled(x: float, n: float) -> float:
    """A number from 1/2 to 2 times two to a whole number from -1080 to 1025; a gap if infinite."""
    small = n < -1000.0  # rounded once, by the last product, if it is no normal number
    exponent = bits(n + select(small, _NEAREST + 1151.0, _NEAREST + 1022.0)) << _MANTISSA
    return finite(x * number(exponent) * select(small, 2.0**-128, 2.0))


def _curve(r: float) -> float:
    """Of 2^r = 1 + r ln 2 + r^2 c for r from -1/2 to 1/2, the c."""
    z = r * r
    w = z * z
    a = fma(5.55041086648216e-02, r, 2.40226506959101e-01)
    b = fma(1.3333558146416563e-03, r, 9.618129107606187e-03)
    c = fma(1.525273383046128e-05, r, 1.5403530442908896e-04)
    d = fma(1.017806206630947e-07, r, 1.3215441875881882e-06)
    e = fma(4.455036203781184e-10, r, 7.072727791672384e-09)
    return fma(fma(e, w, fma(d, z, c)), w, fma(b, z, a))


def _parts(x: float) -> tuple[float, float]:
    """The whole n and the m from root 1/2 to root 2 of a number 2^n m above zero."""
    tiny = x < _SMALLEST_NORMAL
    shifted = bits(select(tiny, x * 2.0**54, x)) + _ONE_LESS_ROOT_HALF
    n = number((shifted >> _MANTISSA) | _TWO_TO_52) - (2.0**52 + 1023.0)
    return n - select(tiny, 54.0, 0.0), number((shifted & _MANTISSA_BITS) + _ROOT_HALF)


scaled: Callable[[float, float], float] = _inline(_scaled)
curve: Callable[[float], float] = _inline(_curve)
parts: Callable[[float], tuple[float, float]] = _inline(_parts)


def _exp(x: float) -> float:
    """Exponential; a gap where too large."""
    x = select(x < 710.0, x, 710.0)  # overflows, and so is a gap; so is what was one
    x = select(x > -746.0, x, -746.0)
    n = fma(x, _PER_LN2, _NEAREST) - _NEAREST
    r = fma(x, _PER_LN2_LOW, fma(x, _PER_LN2, -n))
    return scaled(fma(fma(curve(r), r, _LN2), r, 1.0), n)


def _log(x: float) -> float:
    """Natural logarithm; a gap where there is none."""
    n, m = parts(x)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = 2.222219843214978396e-01 + w * 1.531383769920937332e-01
    odd = 1.818357216161805012e-01 + w * 1.479819860511658591e-01
    even = w * (3.999999999940941908e-01 + w * even)
    odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * odd))
    half = 0.5 * f * f
    result = n * _LN2_SHORT - ((half - (s * (half + even + odd) + n * _LN2_REST)) - f)
    return select(x > 0.0, select(x <= _LARGEST, result, _NAN), _NAN)


def _log2(x: float) -> tuple[float, float]:
    """Logarithm to base 2 of a number above zero, as two numbers to be added."""
    n, m = parts(x)
    d = m + 1.0
    f, v, d_low = m - 1.0, 1.0 / d, m - (d - 1.0)
    s = f * v
    s_low = v * fma(-s, d_low, fma(-s, d, f))
    z = s * s
    z_low = fma(s, s, -z) + 2.0 * s * s_low
    w = z * z
    r = fma(0.1693120766361975, z, 0.1688677656898634)
    r = fma(r, w, fma(0.19238122373627514, z, 0.22195277643195818))
    r = fma(r, w, fma(0.26230819158246166, z, 0.3205988979666479))
    r = fma(r, w, fma(0.4121985831111447, z, 0.5770780163555853))
    u = z * _THIRD
    u_low = fma(z, _THIRD, -u) + fma(z, _THIRD_LOW, z_low * _THIRD)
    t = _TWICE + u  # the logarithm of m is s t
    t_low = (_TWICE - t) + u + (_TWICE_LOW + fma(r, w, u_low))
    p = t * s
    p_low = fma(t, s, -p) + fma(t, s_low, t_low * s)
    whole = n + p
    rest = ((n - whole) + p) + p_low
    first = whole + rest
    return first, (whole - first) + rest


log2: Callable[[float], tuple[float, float]] = _inline(_log2)


def _power_of_two(p: float, low: float) -> float:
    """Two to a number from -1080 to 1025 and a small one, added; a gap where infinite."""
    n = (p + _NEAREST) - _NEAREST
    apart = p - n
    r = apart + low
    near = fma(r, _LN2, 1.0)
    rest = fma(r, _LN2, 1.0 - near) + fma((apart - r) + low, _LN2, r * _LN2_LOW)
    return scaled(near + fma(r * r, curve(r), rest), n)


power_of_two: Callable[[float, float], float] = _inline(_power_of_two)


def _power(x: float, y: float) -> float:
    """Power as C defines it, but a gap where infinite. What only y decides is no select of x."""
    size = select(x < 0.0, -x, x)
    first, second = log2(size)
    first = select(size > 0.0, first, -_INFINITY)
    first = select(size <= _LARGEST, first, size)  # of infinity or a gap, the same
    far = select(y > 1e20, 1e20, select(y < -1e20, -1e20, y))  # 0, 1 or too large, as further out
    p = far * first
    result = power_of_two(p, fma(far, second, fma(far, first, -p)))
    half = far * 0.5
    sign = select(floor(far) == far, select(floor(half) == half, 1.0, -1.0), _NAN)
    result = select(p < -1080.0, 0.0, result)
    result *= select((x < 0.0) & (x >= -_LARGEST), sign, 1.0)
    otherwise = select(y == 0.0, 1.0, _NAN)  # too large, or a gap in p
    result = select(p < 1025.0, result, otherwise)
    return select(x == 1.0, 1.0, result)


exp: Callable[[float], float] = _inline(_exp)
log: Callable[[float], float] = _inline(_log)
power: Callable[[float, float], float] = _inline(_power)
