"""How many bytes a cache surely holds, and how many none does."""

import functools
import pathlib
import re

CACHED_BYTES = 1 << 20
LEAST_BYTES = 256 << 20
CACHES = pathlib.Path("/sys/devices/system/cpu/cpu0/cache")


def last_cache_bytes(caches=CACHES):
    """As Linux reports it, which in a virtual machine may be more than there is; 0 where it reports none."""
    sizes = [path.read_text().strip() for path in caches.glob("index*/size")]
    return max((int(re.fullmatch(r"(\d+)K", size)[1]) << 10 for size in sizes), default=0)


@functools.cache
def beyond_caches():
    return max(LEAST_BYTES, last_cache_bytes() * 5 // 4)
