"""Image ids that are URLs: one form for all the ways to write the same one, under the rules of a policy."""

from quorum.images.urls.rules import KEEP_ALL, Explained, UrlRules
from quorum.images.urls.same import SameRule

__all__ = ["KEEP_ALL", "Explained", "SameRule", "UrlRules"]
