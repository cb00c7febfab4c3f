"""Whether the numbers of an RSA public key can be those of a key: libraries load nearly any, and seal with them.

After NIST SP 800-89, 5.3.3 (partial public-key validation) and FIPS 186-5, A.1.1: the modulus is odd, of a size that is
used, has no small factor, is no power and no prime; the exponent is odd and not below 3. That it is the product of two
primes, only its maker can know.
"""

from __future__ import annotations

import math
from functools import lru_cache

from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import ValueProblem

LEAST_BITS, MOST_BITS = 2048, LIMITS[Reader.KEY].items
MOST_EXPONENT_BITS = 64
"""Of the public exponent: OpenSSL takes no larger one with a modulus over 3,072 bits, Windows none at all."""
_SMALL = 4096
"""Factors below this are looked for."""
_CLOSE_STEPS = 64
"""How far the mean of two factors may lie above the modulus' root for them to be found (Fermat's method)."""


@lru_cache(maxsize=64)
def check_rsa_numbers(modulus: int, exponent: int) -> None:
    """`ValueProblem` says why these are no numbers of an RSA key, or of one that can't be used."""
    bits = modulus.bit_length()
    if not LEAST_BITS <= bits <= MOST_BITS:
        at = f"at least {LEAST_BITS} are needed" if bits < LEAST_BITS else f"at most {MOST_BITS} are taken"
        raise ValueProblem(f"is an RSA key of {bits} bits; {at}")
    if bits % 8:
        raise ValueProblem(f"is an RSA key of {bits} bits, which isn't a whole number of bytes")
    if exponent < 3 or exponent % 2 == 0:
        raise ValueProblem("is an RSA key whose exponent is even, or below 3: nothing sealed with it can be opened")
    if exponent.bit_length() > MOST_EXPONENT_BITS:
        raise ValueProblem(
            f"is an RSA key with an exponent of {exponent.bit_length():,} bits; at most {MOST_EXPONENT_BITS} are taken"
        )
    if why := _weakness(modulus):
        raise ValueProblem(f"isn't an RSA key: its modulus {why}, so anybody can open what is sealed with it")


def _weakness(modulus: int) -> str:
    if modulus % 2 == 0:
        return "is even"
    if math.gcd(modulus, _product_of_small_primes()) > 1:
        return f"has a factor below {_SMALL:,}"
    if _is_power(modulus):
        return "is a power of a number"
    if _has_close_factors(modulus):
        return "has two factors that are nearly equal"
    if pow(2, modulus - 1, modulus) == 1:
        return "is a prime"
    return ""


@lru_cache(maxsize=1)
def _small_primes() -> tuple[int, ...]:
    sieve = bytearray([1]) * _SMALL
    for number in range(2, math.isqrt(_SMALL) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, _SMALL, number)))
    return tuple(number for number in range(2, _SMALL) if sieve[number])


@lru_cache(maxsize=1)
def _product_of_small_primes() -> int:
    return math.prod(_small_primes())


def _is_power(number: int) -> bool:
    """Whether it is a square, cube, and so on; it has no small factor, which bounds how high a power it can be."""
    highest = number.bit_length() // (_SMALL.bit_length() - 1)
    return any(_root(number, degree) ** degree == number for degree in _small_primes() if degree <= highest)


def _root(number: int, degree: int) -> int:
    """The largest integer whose power of `degree` is not above `number` (Newton's method)."""
    if degree == 2:
        return math.isqrt(number)
    guess = 1 << -(-number.bit_length() // degree)
    while (closer := ((degree - 1) * guess + number // guess ** (degree - 1)) // degree) < guess:
        guess = closer
    return guess


def _has_close_factors(number: int) -> bool:
    mean = math.isqrt(number - 1) + 1
    return any(math.isqrt(rest) ** 2 == rest for step in range(_CLOSE_STEPS) if (rest := (mean + step) ** 2 - number))
