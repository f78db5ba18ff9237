"""`GET /v1/events/stream`: events as they happen (server-sent events), from a process of its own.

An open stream would hold a thread of the report API. Here it holds a coroutine and, at most, one piece of text that its
reader has not taken yet. `server.py` listens, `connection.py` is one client, `guests.py` knows who is there and how
many may be, `app.py` says what is answered, `hub.py` reads the feed once for all, `standing.py` looks whether their
keys still hold.
"""
