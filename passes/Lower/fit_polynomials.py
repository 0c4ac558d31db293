"""Fits the polynomials of ExpandMath and prints them as the C++ of MathCoefficients.inc.

usage: fit_polynomials.py > MathCoefficients.inc     (numpy only; a few seconds)

Each polynomial minimises the largest weighted error over its interval (Lawson's iteration:
least squares whose weights grow where the error is large). Coefficients are then rounded to
f32 one by one, from the constant term up, and the later ones are fitted again, so that they
absorb the rounding of the earlier ones. The printed error is that of the rounded
polynomial, evaluated exactly; 6.0e-8 is half an ulp of a result just above a power of two.
"""
import math
import re
from fractions import Fraction
import numpy as np

LN2 = math.log(2.0)
POINTS = 2000
# Numerator and bits of the fraction: the first 128 bits of pi, halved.
PI_OVER_2 = (0x3243F6A8885A308D313198A2E0370734, 125)


def chebyshev(low, high):
    """Points of [low, high] that lie densely at the ends, where errors are largest."""
    k = np.arange(POINTS)
    return low + (high - low) * (0.5 - 0.5 * np.cos(np.pi * (k + 0.5) / POINTS))


def lawson(basis, target, scale):
    """c that minimises max |scale * (basis @ c - target)|."""
    weight = np.ones_like(target)
    best, best_error = None, np.inf
    for _ in range(300):
        row = np.sqrt(weight) * scale
        c = np.linalg.lstsq(basis * row[:, None], target * row, rcond=None)[0]
        error = np.abs(scale * (basis @ c - target))
        if error.max() < best_error:
            best, best_error = c, error.max()
        weight = weight * (error / error.max() + 1e-3)
        weight /= weight.sum()
    return best


def fit(interval, target, scale, powers, given={}, dtype=np.float32):
    """Coefficients of x^powers, each a `dtype`, for target(x) with the error weighted by scale(x)."""
    x = chebyshev(*interval)
    basis, rest, weights = x[:, None] ** np.array(powers), target(x), scale(x)
    rounded = []
    for power in powers:
        value = given[power] if power in given else lawson(basis, rest, weights)[0]
        rounded.append(float(dtype(value)))
        rest = rest - rounded[-1] * basis[:, 0]
        basis = basis[:, 1:]
    return rounded, np.abs(weights * rest).max()


def short_hex(value):
    """Hexadecimal digits without trailing zeros."""
    return re.sub(r"\.?0*p", "p", value.hex())


def emit(name, comment, fitted, dtype="float"):
    coefficients, error = fitted
    print(f"// {comment} Largest error {error:.1e}.")
    print(f"inline constexpr {dtype} {name}[] = {{")
    suffix = "f" if dtype == "float" else ""
    print("    " + "\n    ".join(f"{short_hex(c) + suffix + ',':22} // {c:.9g}" for c in coefficients))
    print("};\n")


def split(numerator, bits):
    """numerator / 2^bits as a sum of three floats, and what is left."""
    rest, parts = Fraction(numerator, 1 << bits), []
    for _ in range(3):
        parts.append(float(np.float32(float(rest))))
        rest -= Fraction(parts[-1])
    return parts, abs(float(rest))


def log_of_erfc(a):
    return np.log2(np.vectorize(math.erfc)(a))


def erf(a):
    return np.vectorize(math.erf)(a)


def main():
    half = LN2 / 2 * 1.0001  # rounding to the nearest integer leaves a half, and a little rounding error
    print("// Written by fit_polynomials.py. Constant term first.\n")

    emit("kExp", "2 exp(r), |r| <= ln(2)/2; relative. Exact at 0.",
         fit((-half, half), lambda r: 2 * np.exp(r), lambda r: np.exp(-r) / 2, range(7), {0: 2.0, 1: 2.0}))
    emit("kExp2", "2 * 2^f, |f| <= 1/2; relative. Exact at 0.",
         fit((-0.50001, 0.50001), lambda f: 2 * np.exp2(f), lambda f: np.exp2(-f) / 2, range(7), {0: 2.0}))
    emit("kShortExp", "2 exp(r) for bf16, |r| <= ln(2)/2; relative. Exact at 0.",
         fit((-half, half), lambda r: 2 * np.exp(r), lambda r: np.exp(-r) / 2, range(4), {0: 2.0}))
    emit("kShortExp2", "2 * 2^f for bf16, |f| <= 1/2; relative. Exact at 0.",
         fit((-0.50001, 0.50001), lambda f: 2 * np.exp2(f), lambda f: np.exp2(-f) / 2, range(4), {0: 2.0}))
    emit("kExp2m1", "2^f - 1 = f P(f), |f| <= 1/2; relative.",
         fit((-0.50001, 0.50001), lambda f: np.expm1(f * LN2) / f, lambda f: f / np.expm1(f * LN2), range(6)))
    emit("kExpm1", "exp(r) - 1 = r + r^2 P(r), |r| <= ln(2)/2; relative.",
         fit((-half, half), lambda r: (np.expm1(r) - r) / r**2, lambda r: r**2 / np.expm1(r), range(5)))
    # erf(a) = 1 - 2^g(a); an error d of g moves erf by ln(2) erfc(a) d.
    emit("kErfExponent", "log2(erfc(a)) = a P(a), 0 <= a <= 4; relative to erf.",
         fit((0, 4), lambda a: log_of_erfc(a) / a, lambda a: a * LN2 * (1 - erf(a)) / erf(a), range(9)))
    # Accurate relative to erfc while that counts: gelu multiplies it by half of the argument.
    for name, terms, high, least, what in (("kErfcExponent", 10, 4.2, 2**-12, ""),
                                           ("kShortErfcExponent", 5, 4, 1e-4, " for bf16")):
        emit(name, f"log2(erfc(a)) = a P(a){what}, 0 <= a <= {high}; relative to erfc + {least:.1e}.",
             fit((1e-9, high), lambda a: log_of_erfc(a) / a,
                 lambda a: a * LN2 * (1 - erf(a)) / (1 - erf(a) + least), range(terms)))

    # With s = (m - 1) / (m + 1): log2(m) = 2 atanh(s) / ln(2), for m in [2/3, 4/3].
    third = 1 / 3 * 1.00001
    emit("kLog1p", "log(1 + f) = f + f^2 P(f), |f| <= 1/3; relative.",
         fit((-third, third), lambda f: (np.log1p(f) - f) / f**2, lambda f: f**2 / np.log1p(f), range(9)))
    emit("kLog2", "log2(1 + f) = log2(e) f + f^2 P(f), |f| <= 1/3; relative.",
         fit((-third, third), lambda f: (np.log1p(f) - f) / f**2 / LN2, lambda f: f**2 / np.log1p(f) * LN2, range(9)))
    emit("kLog2OfRatio", "log2((1 + s) / (1 - s)) = s P(s^2), |s| <= 1/5; relative.",
         fit((1e-6, 0.04), lambda z: 2 * np.arctanh(np.sqrt(z)) / np.sqrt(z) / LN2,
             lambda z: np.sqrt(z) / np.arctanh(np.sqrt(z)) * LN2 / 2, range(6), dtype=np.float64), "double")
    emit("kExp2Wide", "2^f, |f| <= 1/2; relative. Exact at 0.",
         fit((-0.50001, 0.50001), np.exp2, lambda f: np.exp2(-f), range(8), {0: 1.0}, np.float64), "double")

    # |r| exceeds pi/4 when x is large, by the rounding of 2/pi: up to here for x <= 10^6.
    angle = 0.83
    print(f"/// Of the interval for kSin and kCos.\ninline constexpr double kMaxReducedAngle = {angle};\n")
    emit("kSin", "sin(r) = r + r^3 P(r^2), |r| <= 0.83; relative.",
         fit((1e-6, angle**2), lambda z: (np.sin(np.sqrt(z)) / np.sqrt(z) - 1) / z,
             lambda z: z * np.sqrt(z) / np.sin(np.sqrt(z)), range(3)))
    emit("kCos", "cos(r) = P(r^2), |r| <= 0.83; relative. Exact at 0.",
         fit((1e-6, angle**2), lambda z: np.cos(np.sqrt(z)), lambda z: 1 / np.cos(np.sqrt(z)), range(5),
             {0: 1.0, 1: -0.5}))
    emit("kHalfPi", "pi/2 = the sum of these.", split(*PI_OVER_2))


if __name__ == "__main__":
    main()
