"""Keeps a worker from going deaf: an acknowledgement that fails must not hold its place in the prefetch window.

Kombu's Redis transport forgets a message only after Redis has. When Redis goes away just then, Celery logs the failure
and goes on, the window stays full, and so the worker neither asks for messages nor notices that its connection is
gone. Here the place is freed first; the message stays in Redis and rings again after the visibility timeout, which
does no harm, since a doorbell is a hint.
"""

from kombu.transport import redis, virtual


class _QoS(redis.QoS):
    def ack(self, delivery_tag: str) -> None:
        virtual.QoS.ack(self, delivery_tag)
        super().ack(delivery_tag)


def free_window_before_acknowledging() -> None:
    """Make Redis channels of this process acknowledge so. To be called before the worker starts."""
    redis.Channel.QoS = _QoS
