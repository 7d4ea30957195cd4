"""Numbers that cost whoever calls them: premium services, and networks of no country. Pure, and data.

Fraud lives of callers who have themselves put through to such a number. The prefixes are those of the
national numbering plans where nothing else begins with them.
"""

from __future__ import annotations

_PREMIUM = (
    "1900 20900 27862 27863 27864 27865 27866 27867 27868 27869 2790 30901 30909 31900 31906 31909 3290 3389 "
    "34803 34806 34807 351760 351761 351762 35290 35315 35490 357900 357909 358600 358700 35990 3690 3691 "
    "370900 370901 37190 372900 37390 380900 381900 381901 381906 381909 38690 39892 39894 39895 39899 "
    "40900 40903 40906 41900 41901 41906 420900 420906 420909 420976 421900 42197 42198 43900 43901 43930 "
    "43931 43939 44871 44872 44873 449 4590 46900 46939 46944 47820 47829 48701 48703 48704 48708 491377 "
    "491378 491379 49900 52900 55500 55900 58900 58901 601600 61190 62809 64900 651900 661900 7803 7809 "
    "81990 841900 852900 90900 92900 966925 971900"
)
_NO_COUNTRY = "870 881 882 883 979"
"""Satellites, networks across borders, and the premium services of all countries."""

DEAR_PREFIXES = tuple(f"+{prefix}" for prefix in f"{_PREMIUM} {_NO_COUNTRY}".split())


def costs_more_than(number: str, allowed: str) -> bool:
    """Whether a number that begins with ``allowed`` is dear, and ``allowed`` does not say so itself.

    Both begin with ``+``.
    """
    return any(number.startswith(dear) and not allowed.startswith(dear) for dear in DEAR_PREFIXES)
