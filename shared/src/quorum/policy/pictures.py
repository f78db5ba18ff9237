"""`[pictures]`: where moderators see a picture, by the id of its image."""

from urllib.parse import urlsplit

from quorum.policy.fields import Fields
from quorum.policy.sections import PLACE_OF_ID, Pictures

MAX_TEMPLATE_CHARACTERS = 1000


def read_pictures(fields: Fields) -> Pictures:
    """Return what a policy says of pictures. Raises PolicyError."""
    table = fields.table("pictures", {"url_template"})
    if "url_template" not in table:
        return Pictures()
    template = table.text("url_template")
    problem = _problem(template)
    if problem:
        raise table.error("url_template", problem)
    return Pictures(template)


def _problem(template: str) -> str | None:
    """Return what is wrong with a template. Its host is the site's own: what an id may say comes after it."""
    plain = template.isascii() and template.isprintable() and " " not in template
    if len(template) > MAX_TEMPLATE_CHARACTERS or not plain:
        return f"must be a URL in plain ASCII, percent-encoded, of at most {MAX_TEMPLATE_CHARACTERS} characters"
    try:
        parts = urlsplit(template)
        host, has_user = parts.hostname, "@" in parts.netloc
    except ValueError as error:
        return f"is not a URL: {error}"
    if parts.scheme not in {"http", "https"} or not host:
        return "must begin with https:// or http:// and a host"
    if has_user:
        return "must not hold a user or a password: every moderator would see it"
    if (parts.path + parts.query).count(PLACE_OF_ID) != 1 or template.count(PLACE_OF_ID) != 1:
        return f"must hold {PLACE_OF_ID} once, in its path or query"
    return None
