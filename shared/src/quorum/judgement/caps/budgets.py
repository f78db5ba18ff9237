"""How many automatic blocks a person may help to bring about in a day: a crew spends its own. Twin: budgets.lua."""

from collections.abc import Iterable

from quorum.judgement.records import Book

DAY_SECONDS = 86_400


def has_spent(book: Book, fingerprint: bytes, at_ms: int) -> bool:
    """Tell whether a person carried as many blocks in the last 24 hours as they may."""
    most: int = book.caps["blocks_per_day"]
    since = at_ms // 1000 - DAY_SECONDS
    return most > 0 and sum(when > since for when in book.budgets.get(fingerprint, [])) >= most


def charge(book: Book, fingerprints: list[bytes], at_ms: int) -> None:
    """Note that these people carried a block, where that is limited."""
    most: int = book.caps["blocks_per_day"]
    for fingerprint in fingerprints if most else []:
        book.budgets[fingerprint] = [*book.budgets.get(fingerprint, []), at_ms // 1000][-most:]


def refund(book: Book, fingerprints: Iterable[bytes], blocked_ms: int) -> None:
    """Give a block back to those who carried it, once it was undone: else whoever toggles it spends what is theirs."""
    for fingerprint in fingerprints:
        times = book.budgets.get(fingerprint, [])
        if blocked_ms // 1000 in times:
            times.remove(blocked_ms // 1000)
            if not times:
                del book.budgets[fingerprint]
