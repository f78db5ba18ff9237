"""What a policy may say of URLs: parameters for some hosts and paths, and URLs that are the same picture."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import InvalidImageId, PolicyError
from quorum.images.image import parse_image
from quorum.images.urls import UrlRules
from quorum.images.urls.rules import parse_where, query_rules, read_document
from quorum.images.urls.same import parse_same
from quorum.images.urls.templates import parse_template
from quorum.policy import Policy, parse_policy
from quorum.policy.load import default_policy

GOOD = """
threshold = 5.0
min_reporters = 3
window_days = 30
[reporters]
verified = 1.0
anonymous = 0.5
[reasons]
spam = 1.0
"""
URLS = """
[urls.keep_query]
"news.example/image.php" = ["id"]
"http://WWW.news.example:80/*" = []
[urls.drop_query]
"*" = ["sid"]
"*.cdn.example/thumbs/*" = ["w", "h"]
[[urls.same]]
match = "HTTP://CDN.example:80/{path...}-{w:number}x{h:number}.{format}"
to = "https://cdn.example/{path...}"
[[urls.same]]
match = "https://img{n:number}.example/{name}"
to = "https://img.example/all/{name}"
"""


def policy(more: str) -> Policy:
    return parse_policy(GOOD + more, "p.toml")


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://news.example/image.php?id=7&w=3&sid=x", "https://news.example/image.php?id=7"),
        ("http://news.example/other.php?id=7&w=3&sid=x", "https://news.example/other.php?id=7&w=3"),
        ("https://www.news.example/a?id=7", "https://www.news.example/a"),
        ("https://a.cdn.example/thumbs/1?w=3&q=4", "https://a.cdn.example/thumbs/1?q=4"),
        ("https://a.cdn.example/large/1?w=3&q=4", "https://a.cdn.example/large/1?q=4&w=3"),
        ("https://cdn.example/a/b-300x200.webp?v=2", "https://cdn.example/a/b?v=2"),
        ("https://CDN.example/a/b-30x20.jpg", "https://cdn.example/a/b"),
        ("https://cdn.example/my-boxer.jpg", "https://cdn.example/my-boxer.jpg"),
        ("https://img12.example/a.jpg", "https://img.example/all/a.jpg"),
        ("https://img12.example/b/a.jpg", "https://img12.example/b/a.jpg"),
        ("photos/1-300x200.jpg?w=1", "photos/1-300x200.jpg?w=1"),
    ],
)
def test_rules_hold_where_they_say(url: str, canonical: str) -> None:
    rules = policy(URLS).urls
    assert rules.canonical(url) == canonical
    assert parse_image(canonical, rules).id == canonical


def test_what_made_a_form_is_explained() -> None:
    explained = policy(URLS).urls.explain("https://cdn.example/a-3x2.jpg?sid=1&utm_source=x")
    assert explained.url == "https://cdn.example/a"
    assert [step.split(":")[0] for step in explained.steps] == ["urls.drop_query for *", "urls.same[0]"]


def test_a_file_of_an_earlier_release_means_what_it_meant() -> None:
    kept = policy('[urls]\nkeep_query = ["id"]').urls
    assert kept.canonical("https://e.org/image.php?w=3&id=7") == "https://e.org/image.php?id=7"
    assert policy("[urls]\nkeep_query = []").urls.canonical("https://e.org/a.jpg?w=3") == "https://e.org/a.jpg"


def test_without_rules_readers_of_different_pictures_of_one_script_do_not_meet() -> None:
    ids = {parse_image(f"https://e.org/image.php?id={n}", default_policy().urls).id for n in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize("text", ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD.replace("\n", "\r\n")])
def test_a_file_from_windows_is_the_same(text: str) -> None:
    assert parse_policy(text, "p.toml").version == policy("").version


@pytest.mark.parametrize(
    ("match", "url"),
    [
        ("http://agency.example/*", "https://agency.example/a.jpg"),
        ("HTTPS://Agency.EXAMPLE:443/Photos/*", "http://agency.example/Photos/a.jpg"),
        ("https://bücher.example/ü/*", "https://xn--bcher-kva.example/%C3%BC/a.jpg"),
        ("https://e.org/%61%2fb/*", "https://e.org/a%2Fb/c"),
        ("https://e.org/x/../a/*", "https://e.org/a/b.jpg"),
        ("https://e.org/a/.*", "https://e.org/a/.hidden.jpg"),
        ("https://e.org/a*", "https://e.org/abc.jpg"),
        ("https://e.org/caf%E9/*", "https://e.org/caf%e9/a"),
        ("https://Agency.*", "https://agency.example.org/1"),
        ("http://*", "https://any.example/1"),
        ("https://e.org/image.php?id=7", "http://e.org/image.php?id=7&utm_source=x"),
        ("https://e.org/image.php?id=*", "http://e.org/image.php?id=12&w=3"),
        ("https://img7.example/a.jpg", "https://img3.example/a.jpg"),
        ("http://e.org", "https://e.org/"),
        ("cafe\u0301/*", "café/1"),
        ("*", "anything"),
    ],
)
def test_a_match_covers_what_it_would_be_taken_to_cover(match: str, url: str) -> None:
    made = policy(f"{URLS}[[images]]\nmatch = {json.dumps(match)}\nprotected = true")
    rule = made.rule_for(parse_image(url, made.urls).id)
    assert rule
    assert rule.protected
    assert made.rule_for("nothing of the kind") is None or match == "*"


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ("https://e.org/a#b*", "has lost its #fragment"),
        ("https://user@e.org/*", "user name or password"),
        ("https://user@e.org*", "no user name"),
        ("https://e.org/a?utm_source=*", "becomes https://e.org/a by"),
        ("https://e.org/a?sid=*", "becomes https://e.org/a by"),
        ("https://e.org/a?z=1&b=*", "becomes https://e.org/a?b=...&z=1"),
        ("https://img7.example/*", "urls.same turns such URLs into https://img.example/all/..."),
        ("https://bü*", "must name the whole host"),
        ("https://e.org/a b/*", "percent-encode"),
        ("a\u202eb", "formatting character"),
        ("x" * 3000, "at most 2048 bytes"),
        ("https:///a", "without a host"),
        ("   ", "must not be empty"),
    ],
)
def test_a_match_that_can_never_match_is_an_error_that_says_why(match: str, said: str) -> None:
    urls = URLS.replace("example/{name}", "example/{name...}").replace("all/{name}", "all/{name...}")
    with pytest.raises(PolicyError, match=r"images\[0\]\.match: ") as error:
        policy(f"{urls}[[images]]\nmatch = {json.dumps(match)}")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ('keep_query = "id"', "urls.keep_query: must be a list"),
        ('[urls.keep_query]\n"a*b/c" = []', "must be host/path"),
        ('[urls.keep_query]\n"e.org/a?b" = []', "must be host/path"),
        ('[urls.drop_query]\n"e.org/" = "id"', "must be a list of texts"),
        ('[urls.drop_query]\n"e.org/*" = ["a"]\n"E.org" = ["b"]', "is e.org/*, which is given twice"),
        ('[[urls.same]]\nmatch = "https://e.org/{a}"', "urls.same[0].to: must be text"),
        ('[[urls.same]]\nmatch = "e.org/{a}"\nto = "https://e.org/{a}"', "must begin with https://"),
        ('[[urls.same]]\nmatch = "https://e.org/{a}{b}"\nto = "https://e.org/{a}"', "side by side"),
        ('[[urls.same]]\nmatch = "https://e.org/{a}-{a}"\nto = "https://e.org/{a}"', "a place twice"),
        ('[[urls.same]]\nmatch = "https://e.org/{a"\nto = "https://e.org/{a}"', "a brace that is no place"),
        ('[[urls.same]]\nmatch = "https://e.org/{a}"\nto = "https://e.org/{b}"', "names {b}"),
        ('[[urls.same]]\nmatch = "https://{a}.org/x"\nto = "https://{a}.net/x"', "must name its host"),
        ('[[urls.same]]\nmatch = "https://e.org/{a}?w={b}"\nto = "https://e.org/{a}"', "must have no query"),
        ('[[urls.same]]\nmatch = "https://e.org/{s}/{a...}"\nto = "https://e.org/{a...}"', "are mapped again, such as"),
        ('[[urls.same]]\nmatch = "https://e.org/{a...}"\nto = "https://e.org/x/{a...}"', "are mapped again, such as"),
        ("other = 1", "urls.other: is not a field here"),
    ],
)
def test_a_bad_rule_is_an_error_that_names_its_field(urls: str, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        policy(urls if urls.startswith("[") else f"[urls]\n{urls}")
    assert said in str(error.value)
    assert str(error.value).startswith("p.toml, line 1")


def test_rules_that_map_on_and_on_are_refused_for_the_url_that_shows_it() -> None:
    rules = UrlRules(same=(parse_same("https://e.org/{a...}", "https://e.org/b/{a...}"),))
    with pytest.raises(InvalidImageId, match="on and on"):
        rules.canonical("https://e.org/1")


def test_rules_go_to_clients_and_back() -> None:
    rules = policy(URLS).urls
    assert read_document(json.loads(json.dumps(rules.document()))) == rules
    assert read_document(rules.document()).version == rules.version != UrlRules().version


@pytest.mark.parametrize("document", [None, {}, [], {"format": 2}, {"format": 1}, {"format": 1, "keep_query": [{}]}])
def test_what_are_no_rules_is_an_error(document: object) -> None:
    with pytest.raises(ValueError, match="rules"):
        read_document(document)


_PART = st.sampled_from(["a", "b", "-", "/", "1", "23", ".", "x"])
_PLACES = {"{p}": "[^/]+", "{q...}": ".+", "{n:number}": "[0-9]+"}


@given(st.permutations(list(_PLACES)), st.lists(_PART, min_size=2, max_size=2), st.lists(_PART, max_size=12))
def test_a_template_matches_what_the_same_regular_expression_does(
    places: list[str], between: list[str], text: list[str]
) -> None:
    template = f"https://e/{places[0]}{between[0]}{places[1]}{between[1]}{places[2]}"
    pattern = (
        "https://e/"
        + _PLACES[places[0]]
        + "".join(re.escape(literal) + _PLACES[place] for literal, place in zip(between, places[1:], strict=True))
    )
    made, url = parse_template(template), "https://e/" + "".join(text)
    taken = made.match(url)
    assert (taken is not None) == (re.fullmatch(pattern, url) is not None)
    if taken is not None:
        assert made.fill(taken) == url


def test_a_hostile_url_costs_no_more_than_its_length() -> None:
    template = parse_template("https://e.org/" + "-".join(f"{{p{n}...}}" for n in range(10)) + "!")
    url = "https://e.org/" + "-" * 6000
    start = time.process_time()
    assert template.match(url) is None
    assert time.process_time() - start < 1  # with backtracking it would take for ever


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("E.org", "e.org/*"),
        ("e.org/", "e.org/"),
        ("*.E.org/a/*", "*.e.org/a/*"),
        ("*", "*"),
        ("e.org:8080/a", "e.org:8080/a"),
    ],
)
def test_where_a_rule_holds_has_one_form(text: str, where: str) -> None:
    assert str(parse_where(text)) == where
    assert str(parse_where(where)) == where


@given(st.text("ab/-.x12{}", max_size=12))
def test_what_rules_make_of_a_url_is_its_own_form(path: str) -> None:
    rules = policy(URLS).urls
    form = rules.canonical(f"https://cdn.example/{path}")
    assert rules.canonical(form) == form


def test_the_more_particular_place_is_asked_first() -> None:
    rules = query_rules({"*": ["a"], "*.e.org/*": ["b"], "x.e.org/*": ["c"], "x.e.org/p/*": [], "x.e.org/p/q": []})
    assert [str(rule.where) for rule in rules] == ["x.e.org/p/q", "x.e.org/p/*", "x.e.org/*", "*.e.org/*", "*"]
