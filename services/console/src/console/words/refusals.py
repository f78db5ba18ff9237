"""Why something was refused, in the reader's language: what the rest of quorum says in English, known by its shape."""

import re

from console.words.translating import gettext, language, later
from quorum.languages import RIGHT_TO_LEFT

LONGEST = 2_000  # characters: to look for a shape may take their square, and a draft may hold anything
NESTED = {"why", "what", "state"}  # values that are texts of this table, too
_ISOLATED = "\u2068{}\u2069"  # so that a name or a URL keeps its order inside a text that is read from the right

_DECISIONS = (
    later("only what is held or blocked can be upheld, and the image is %(state)s"),
    later("only what a moderator has cleared or upheld can be reopened, and the image is %(state)s"),
    later("what the last decision changed is not known any more; clear or block the image"),
    later("the image shares no reports with others: there is nothing to part it from"),
    later("there is no open appeal against the block of this image"),
    later("blocked"),
    later("held"),
    later("cleared"),
    later("open"),
)
_ACCOUNTS = (
    later("the password must have at most %(most)s characters"),
    later("the password must have at least %(least)s characters; a few words do"),
    later("the password holds a control character, or one that does not exist"),
    later("the password repeats itself; choose a few words that have nothing to do with each other"),
    later("the password is a name or a word that everybody tries; choose a few words that are neither"),
    later("the new password is the present one"),
    later("the name must have at most %(most)s characters"),
    later("the name must have 1 to %(most)s characters, not %(size)s"),
    later("the name holds U+%(sign)s; it may have letters, digits and %(signs)s"),
    later("the name begins with a mark that belongs to a letter before it"),
    later("the name %(why)s"),
)
_NAMES = (
    later("must not be empty"),
    later("must not be blank; give the name or number by which the site knows this person"),
    later("must be at most %(most)s bytes of UTF-8, not %(size)s"),
    later("is a URL that the policy's urls.same rules map on and on; mend the policy"),
    later("is a URL with a space, a backslash or a control character; percent-encode it"),
    later("is not a valid URL: %(details)s"),
    later("is a URL without a host"),
    later("is a URL with a user name or password; remove it"),
    later("holds %(what)s (U+%(sign)s) at position %(at)s; remove it"),
    later("a control character"),
    later("a lone surrogate"),
    later("a noncharacter"),
    later("a private-use character"),
    later("a line or paragraph separator"),
    later("a replacement character, where something was lost,"),
    later("an invisible or bidirectional formatting character"),
)
_WEBHOOKS = (
    later("must be an http or https URL with a host"),
    later("must be ASCII without spaces and fragment; percent-encode the rest"),
    later("must have no user name or password"),
    later("must have a host and a port that can be called"),
)
_POLICY = (
    later("draft, line %(line)s: %(field)s: %(why)s"),
    later("draft: %(field)s: %(why)s"),
    later("draft: not valid TOML: %(details)s"),
    later("%(place)s: cannot be read: %(details)s"),
    later("%(place)s: not valid TOML: %(details)s"),
    later("%(place)s: %(field)s: %(why)s"),
    later("must be text, in quotes"),
    later('must be a list of texts, as in ["one", "another"]'),
    later("must be a table, as in [%(example)s]"),
    later("must be tables, as in [[%(example)s]]"),
    later('must hold networks such as "203.0.113.0/24": %(why)s'),
    later("%(network)s only carries IPv4 addresses, which count as such; give the IPv4 network"),
    later("is missing; see the default policy for its meaning"),
    later("is not a field here; the fields are %(fields)s"),
    later("must be between %(low)s and %(high)s, not %(value)s"),
    later("must be %(what)s, not %(value)s"),
    later("a number"),
    later("a whole number"),
    later("true or false"),
    later("must give a weight for %(name)s"),
    later("must name 1 to %(most)s reasons"),
    later("must be lower case letters, digits and _, at most 31"),
    later("%(name)s and %(other)s share a code; rename one of them"),
    later("must be printable, at most %(most)s characters"),
    later("must have at most %(most)s characters"),
    later("must have at most %(most)s places"),
    later("must be at most %(most)s characters"),
    later("must be at most %(most)s"),
    later("cannot be above the general threshold, to which these reports count as well; lower the weight"),
    later("cannot be reached by %(people)s reporters; lower it"),
    later("reporter weight x reason weight x accuracy.most must not exceed %(most)s"),
    later("names %(name)s, who is trusted as well; choose one"),
    later("name number %(number)s %(why)s"),
    later("is %(place)s, which is given twice"),
    later("%(name)s is given twice"),
    later("[%(field)s] means nothing any more: %(why)s; remove it"),
    later("%(field)s means nothing any more: %(why)s; remove it"),
    later(
        "people who look alike add less each (docs/policy.md), and young accounts weigh little "
        "(people.full_weight_days)"
    ),
    later("shields.blocks_per_day, and people.blocks_per_day for each person"),
)
_POLICY_URLS = (
    later("may have a * at its end only"),
    later("can never match: an image's URL has lost its #fragment"),
    later("can never match: what begins so becomes %(url)s by [urls] and the order of parameters"),
    later("can never match: urls.same turns such URLs into %(url)s"),
    later("can never match: an image's URL has no user name, backslash or space"),
    later("can never match: it %(why)s"),
    later("must name the whole host, and a / after it, where that is not ASCII"),
    later("must be host/path, with a * at the end, or *. before the host, or alone"),
    later("must name at most %(most)s places with %(names)s parameters each"),
    later("maps to URLs that are mapped again, such as %(url)s; let `to` hold something that no `match` has"),
    later("has a place twice; give each its own name"),
    later("has a brace that is no place; places are {name}, {name:number} and {name...}"),
    later("has two places side by side; put something between them"),
    later("`to` names {%(place)s}, which `match` does not have"),
    later("`to` must name its host: no place may stand there"),
    later("%(url)s must begin with https://"),
    later("%(url)s must have no query; urls.keep_query and urls.drop_query are about that"),
    later("%(url)s must not hold zqx, which stands for places here"),
    later("%(url)s loses {%(place)s} in its normal form, %(normal)s"),
    later("must be a URL in plain ASCII, percent-encoded, of at most %(most)s characters"),
    later("must be a URL with https:// or http:// in plain ASCII, of at most %(most)s characters"),
    later("must begin with https:// or http:// and a host"),
    later("must not hold a user or a password: every moderator would see it"),
    later("must hold %(place)s once, in its path or query"),
    later("is not a URL: %(details)s"),
    later('must hold "EU", "EEA" or countries of these in two capital letters%(why)s'),
    later("; %(name)s is none"),
    later(', as in ["EEA"]'),
    later("is no category of the database; use one of %(categories)s"),
    later("%(text)s: %(why)s"),
)


def _shape(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>[\\s\\S]+?)", re.escape(text)))


SHAPES = {text: _shape(text) for text in (*_DECISIONS, *_ACCOUNTS, *_NAMES, *_WEBHOOKS, *_POLICY, *_POLICY_URLS)}


def why(said: object) -> str:
    """Return what an error says, in the reader's language; in English where that is not known."""
    for text, shape in SHAPES.items() if len(str(said)) <= LONGEST else ():
        if found := shape.fullmatch(str(said)):
            return gettext(text, **{name: _value(name, value) for name, value in found.groupdict().items()})
    return str(said)


def _value(name: str, value: str) -> str:
    if name in NESTED:
        return why(value)
    return _ISOLATED.format(value) if language() in RIGHT_TO_LEFT else value
