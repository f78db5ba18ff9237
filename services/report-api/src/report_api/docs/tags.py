"""How the document groups operations: a tag for each thing that people come for, in the order in which they come."""

TAGS = {
    "Reports": ("Readers report images, and take reports back.", ("reports", "report_batches", "reasons")),
    "Images": ("What became of images, and which pictures they show.", ("images", "visibility", "statements")),
    "Events": (
        "What other services act on: events, the blocklist, how URLs are read.",
        ("events", "blocklist", "url_rules"),
    ),
    "Moderation": (
        "What waits for people, what they decide, whom they warned.",
        ("waiting", "decisions", "appeals", "claims", "history", "reporters"),
    ),
    "Webhooks": ("Events that are sent to an endpoint of yours.", ("webhooks",)),
    "Probes": ("What machines ask.", ("probes",)),
}
_OF_BLUEPRINT = {blueprint: tag for tag, (_, blueprints) in TAGS.items() for blueprint in blueprints}
_OF_ENDPOINT = {"images.get_copies": "Moderation"}


def tag_of(endpoint: str) -> str:
    """Return the tag of a route. Raises LookupError for one of a blueprint that has none."""
    blueprint = endpoint.partition(".")[0]
    if blueprint not in _OF_BLUEPRINT:
        raise LookupError(f"{endpoint} has no tag: name its blueprint in {__name__}")
    return _OF_ENDPOINT.get(endpoint) or _OF_BLUEPRINT[blueprint]


def described() -> list[dict[str, str]]:
    """Return the tags as the document lists them."""
    return [{"name": tag, "description": description} for tag, (description, _) in TAGS.items()]
