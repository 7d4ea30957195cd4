"""The C library's allocator, told to give memory back.

glibc keeps an arena for each thread and holds on to what was freed in it: the peak of every thread stays,
a third of what a process with fifty calls weighs. Threads of Python wait for the interpreter anyway, so one
arena is enough. Nearly all objects of Python are smaller than what is asked of the allocator at all.
"""

from __future__ import annotations

import ctypes

# malloc.h
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8

ARENAS = 1
LARGE_BYTES = 65_536
"""Pieces and segments of recordings: mapped by themselves, and given back whole. glibc would raise this limit
after the first one."""
TRIM_BYTES = 131_072


def give_memory_back() -> bool:
    """For this process, from now on. False where the C library is not glibc: nothing changes there."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        mallopt = libc.mallopt
    except (OSError, AttributeError):
        return False
    options = ((M_ARENA_MAX, ARENAS), (M_MMAP_THRESHOLD, LARGE_BYTES), (M_TRIM_THRESHOLD, TRIM_BYTES))
    return all([mallopt(option, value) == 1 for option, value in options])
