"""The query of a URL: a sorted list of parameters, of which the policy and a list of trackers take some away."""

from collections.abc import Callable
from urllib.parse import quote_plus, unquote_to_bytes

# What marks where a visitor came from, and never which picture it is. Sources: Google Analytics, "URL builders" (utm_);
# Brave, components/query_filter/utils.cc (those that hold on every site, but for the short `__s` and `s_cid`); Meta,
# Microsoft, TikTok, LinkedIn and Google Ads for their own click ids.
# fmt: off
TRACKERS = frozenset(
    {
        "__hsfp", "__hssc", "__hstc", "_bhlid", "_branch_match_id",
        "_branch_referrer", "_gl", "_hsenc", "_hsmi", "_kx",
        "_openstat", "at_recipient_id", "at_recipient_list", "bbeml", "bsft_clkid",
        "bsft_uid", "dclid", "et_rid", "fb_action_ids", "fb_comment_id",
        "fbclid", "gad_campaignid", "gad_source", "gbraid", "gclid",
        "gclsrc", "guce_referrer", "guce_referrer_sig", "hsctatracking", "igsh",
        "igshid", "irclickid", "li_fat_id", "mc_cid", "mc_eid",
        "ml_subscriber", "ml_subscriber_hash", "msclkid", "mtm_cid", "oft_c",
        "oft_ck", "oft_d", "oft_id", "oft_ids", "oft_k",
        "oft_lk", "oft_sk", "oly_anon_id", "oly_enc_id", "pk_cid",
        "rb_clickid", "sc_customer", "sc_eh", "sc_uid", "srsltid",
        "ss_email_id", "ttclid", "twclid", "unicorn_click_id", "vero_conv",
        "vero_id", "vgo_ee", "wbraid", "wickedid", "yclid",
        "ymclid", "ysclid",
    }
)
# fmt: on
TRACKER_PREFIX = "utm_"
_SAFE = "/?:@!$'()*,"  # what needs no escape inside a parameter (RFC 3986, 3.4), but for & = +

Keeps = Callable[[str], bool]


def is_tracker(name: str) -> bool:
    """Tell whether a parameter is known to say nothing of the picture."""
    lower = name.lower()
    return lower in TRACKERS or lower.startswith(TRACKER_PREFIX)


def canonical_query(query: str, keeps: Keeps) -> str:
    """Return the parameters of a query that `keeps` wants, sorted, in one form; with a `?` unless there are none."""
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pair = _bytes(name), _bytes(value)
            if keeps(pair[0].decode("utf-8", "replace")):
                pairs.append(pair)
    return "?" + "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(pairs)) if pairs else ""


def _bytes(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))


def _escaped(raw: bytes) -> str:
    return quote_plus(raw, safe=_SAFE)
