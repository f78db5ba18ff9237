"""The front door: requests are read whole, within a time and a size, before anything else is given to them.

`door.py` is what Granian calls. An event loop reads; a report then runs in a greenlet of that loop, which waits for
the group commit without holding a thread; everything else runs in a bounded pool of threads, and probes in one of their
own.
"""
