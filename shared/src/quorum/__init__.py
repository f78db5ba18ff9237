"""quorum blocks an image once enough different people have reported it, and tells every other service."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quorum.events.consumer import consume

__version__ = "0.1.0"
__all__ = ["__version__", "consume"]


def __getattr__(name: str) -> object:
    """Offer `quorum.consume` without importing Redis for those who only need the pure parts."""
    if name == "consume":
        from quorum.events.consumer import consume  # noqa: PLC0415 - lazy on purpose

        return consume
    raise AttributeError(f"module 'quorum' has no attribute {name!r}")
