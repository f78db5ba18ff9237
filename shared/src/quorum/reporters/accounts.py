"""Since when a site knows somebody: which times cannot be meant, and what to mend."""

CLOCKS_DIFFER_SECONDS = 300
EARLIEST = 631_152_000  # the beginning of 1990; no site's accounts are older than the web
_UNITS = {"milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}


def refused_since(since: float, now: float, form: str = "seconds since 1970") -> str | None:
    """Return what is wrong with the time (Unix seconds) at which an account was made; None when nothing is.

    Taken as it is, a wrong one would make everybody a newcomer, or nobody, without a word. `form` is how it is given.
    """
    latest = now + CLOCKS_DIFFER_SECONDS
    if since > latest:
        for unit, size in _UNITS.items():
            if EARLIEST <= since / size <= latest:
                return f"is in {unit}; give {form}: divide it by {size}"
        return f"is in the future; give the time at which the account was made, in {form}, and look at the clocks"
    if since < EARLIEST:
        return f"is before 1990; give the time at which the account was made, in {form}, or leave it out"
    return None
