"""`GET /v1/events/stream`: events as they happen (server-sent events), from a process of its own.

An open stream would hold a thread of the report API. Here it holds a coroutine, so a thousand of them
take nothing from intake.
"""
