"""The C library's allocator: one arena for all threads."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from patter_site.operations.allocator import give_memory_back

if sys.argv[1] == "lean":
    assert give_memory_back()
threads = [threading.Thread(target=lambda: [bytes(2000) for _ in range(1000)]) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL("libc.so.6")
libc.fopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, out)
libc.fclose(out)
"""


@pytest.mark.parametrize(("how", "arenas"), [("lean", {1}), ("as it comes", set(range(2, 6)))])
def test_threads_share_one_arena(how, arenas):
    if platform.libc_ver()[0] != "glibc":
        return  # nothing to choose there
    told = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    assert told.stdout.count("<heap ") in arenas
