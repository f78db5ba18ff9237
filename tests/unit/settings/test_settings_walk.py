"""Every setting, with every kind of bad and good spelling."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import SettingsError
from quorum.settings import Settings, read_settings
from quorum.settings.declared import SETTINGS
from quorum.settings.declaring import Declared
from quorum.settings.kinds import Choice, File, Flag, Items, Password, Proxy, Secret, Url, Whole
from quorum.settings.others import NAMES_OF_OTHERS
from quorum.settings.reading import KNOWN_NAMES

BY_NAME = {one.name: one for one in SETTINGS}
SECRET = "qk_site.a secret of enough characters for every use"
BESIDE = {"QUORUM_TRUSTED_PROXIES": {"QUORUM_PROXY_HOPS": "1"}}  # what a setting has a sense with alone
TLS = {"QUORUM_TLS_CA", "QUORUM_TLS_CERT", "QUORUM_TLS_KEY"}  # read at once, and only together
FIXES = ("must ", "give ", "write ", "take ", "did you mean")
BAD: dict[type, tuple[str, ...]] = {
    Whole: (
        "1e3",
        "1_000",
        "1 000",
        "1,000",
        "-1",
        "+1",
        "0x10",
        "1.0",
        "5s",
        "ten",
        "NaN",
        "inf",
        "²",
        "\u0661",
        "9" * 5000,
    ),
    Flag: ("maybe", "2", "truee", "yes please", "01"),
    Choice: ("other", "json,text"),
    Items: ("a b", "*", "https://", "https://a.example/path", "a;b", "10.0.0.0/99", "x" * 5000 + "!", "-"),
    Secret: ("short", "x" * 5000),
    Password: ("x" * 5000,),
    Proxy: (
        "hush:3128",
        "http://hush",
        "socks5://proxy:1080",
        "http://proxy:1/path",
        "http://proxy:99999",
        "http://[::1",
    ),
    Url: (
        "localhost",
        "http://hush",
        "//hush",
        "redis://h:port",
        "redis://h:99999",
        "redis://[::1",
        "redis://a b",
        "::::",
    ),
}


def good(one: Declared) -> str:
    """Return a text that the setting takes."""
    if isinstance(one.kind, Whole):
        return str(one.kind.high)
    if isinstance(one.kind, Flag):
        return "true"
    if isinstance(one.kind, Secret | Password):
        return SECRET
    if isinstance(one.kind, File):
        return "/etc/quorum/a file"
    if isinstance(one.kind, Items | Url | Proxy):
        return one.kind.example
    return str(one.default)


def bad(one: Declared) -> Iterator[str]:
    yield from next((texts for kind, texts in BAD.items() if isinstance(one.kind, kind)), ())
    value = good(one)
    yield from (
        f'"{value}"',
        f"'{value}'",
        f"“{value}”",
        f"{value}\0",
        "\udcff",
    )
    if not isinstance(one.kind, File):  # a path may hold anything
        yield from (f"{value}\n{value}", f"{value}\x1b[31m")
    if isinstance(one.kind, Whole):
        yield from (str(one.kind.low - 1), str(one.kind.high + 1))


def refusal(name: str, text: str) -> str | None:
    """Return what is said of a value, None when it is taken. Any other error goes through."""
    try:
        reading(**{name: text})
    except SettingsError as error:
        return str(error)
    return None


def reading(**variables: str) -> Settings:
    return read_settings(variables)


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.trouble("a setting has a bad value", "the service does not start, and names the variable and the fix")
def test_a_bad_value_is_refused_with_its_name_and_the_fix_and_no_secret_is_shown(name: str) -> None:
    for text in bad(BY_NAME[name]):
        if not text.strip("\n\0"):
            continue
        with pytest.raises(SettingsError) as caught:
            reading(**{name: text})
        said = str(caught.value)
        assert said.startswith(f"{name} ")
        assert any(fix in said for fix in FIXES), said
        assert len(said) < 400
        assert not BY_NAME[name].kind.secret or (SECRET not in said and text not in said)


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - TLS))
def test_a_good_value_is_the_same_with_what_surrounds_it(name: str, tmp_path: Path) -> None:
    one = BY_NAME[name]
    beside = BESIDE.get(name, {})
    plain = reading(**beside, **{name: good(one)})
    for spelt in (" {} ", "{}\n", "{}\r\n", "\ufeff{}", "\t{}\n\n", "\u00a0{}\u200b"):
        assert reading(**beside, **{name: spelt.format(good(one))}) == plain
        if one.kind.secret:
            file = tmp_path / "value"
            file.write_text(spelt.format(good(one)), encoding="utf-8")
            assert reading(**{f"{name}_FILE": str(file)}) == plain
    for nothing in ("", " ", "\n", "\ufeff"):
        assert reading(**{name: nothing}) == reading()


def test_all_bad_settings_are_told_at_once() -> None:
    everything = dict.fromkeys(BY_NAME, '"quoted value"') | {"QUORUM_SIZE": "1"}
    with pytest.raises(SettingsError) as caught:
        reading(**everything)
    said = str(caught.value)
    assert said.startswith(f"{len(everything)} settings cannot be used:\n- ")
    assert all(f"- {name} " in said for name in everything)


@given(st.sampled_from(sorted(BY_NAME)), st.text(max_size=80))
def test_no_text_at_all_is_a_surprise(name: str, text: str) -> None:
    said = refusal(name, text)
    assert said is None or name.rpartition("_")[0] in said  # a password may be said to lack its user


@given(st.sampled_from([one.name for one in SETTINGS if one.kind.secret]), st.text(max_size=30), st.text(max_size=30))
def test_no_error_shows_a_part_of_a_secret(name: str, before: str, after: str) -> None:
    assert "hush" not in (refusal(name, f"{before}hush7%hush{after}") or "")


@pytest.mark.parametrize("yes", ["true", "1", "yes", "on", "TRUE", "Yes", "oN", " true\n"])
@pytest.mark.parametrize("no", ["false", "0", "no", "off", "False", "NO", " off "])
def test_true_and_false_are_taken_in_every_usual_spelling(yes: str, no: str) -> None:
    assert reading(QUORUM_DEMO=yes).demo
    assert not reading(QUORUM_DEMO=no).demo


@pytest.mark.parametrize(
    "text", ["a.example,b.example", "a.example, b.example", " a.example ,b.example, ", "A.example,,B.EXAMPLE"]
)
def test_spaces_and_stray_commas_in_a_list_do_not_matter(text: str) -> None:
    assert reading(QUORUM_TRUSTED_HOSTS=text).trusted_hosts == ("a.example", "b.example")


def test_a_network_with_bits_beyond_its_prefix_is_refused_with_the_one_that_was_meant_perhaps() -> None:
    with pytest.raises(SettingsError, match=r"QUORUM_WEBHOOK_NETWORKS has '10.1.2.3/8', .* give 10.0.0.0/8"):
        reading(QUORUM_WEBHOOK_NETWORKS="10.1.2.3/8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("QUORUM_TRUSTED_HOST", "did you mean QUORUM_TRUSTED_HOSTS?"),
        ("QUORUM_PARTITONS", "did you mean QUORUM_PARTITIONS?"),
        ("QUORUM_SITEKEY", "did you mean QUORUM_SITE_KEY?"),
        ("quorum_demo", "write it as QUORUM_DEMO"),
        ("QUORUM_PARTITIONS_FILE", "QUORUM_PARTITIONS is not read from a file"),
        ("QUORUM_XYZZY", "take it away"),
        ("QUORUM_", "take it away"),
    ],
)
@pytest.mark.trouble("a setting's name is misspelt", "refused, with the name that was meant perhaps")
def test_an_unknown_name_is_refused_with_the_one_that_was_meant_perhaps(name: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        reading(**{name: "1"})
    assert str(caught.value).startswith(f"{name} is no setting of quorum: ")
    assert said in str(caught.value)


def test_names_that_others_read_and_service_links_are_left_alone() -> None:
    links = {
        "QUORUM_REDIS_PORT": "tcp://10.0.0.7:6379",
        "QUORUM_REDIS_SERVICE_HOST": "10.0.0.7",
        "QUORUM_REDIS_SERVICE_PORT": "6379",
        "QUORUM_REDIS_SERVICE_PORT_REDIS": "6379",
        "QUORUM_REDIS_PORT_6379_TCP": "tcp://10.0.0.7:6379",
        "QUORUM_REDIS_PORT_6379_TCP_PROTO": "tcp",
        "QUORUM_PORT": "tcp://10.0.0.8:80",
        "QUORUM_SERVICE_HOST": "10.0.0.8",
    }
    assert read_settings(dict.fromkeys(NAMES_OF_OTHERS, "x") | links | {"QUORUMS": "1"}) == reading()


@pytest.mark.parametrize("name", sorted(name for name in KNOWN_NAMES if name.endswith("_FILE")))
def test_a_file_that_cannot_give_a_secret_is_named_with_the_fix(name: str, tmp_path: Path) -> None:
    empty, binary, long = tmp_path / "empty", tmp_path / "binary", tmp_path / "long"
    empty.write_text(" \n")
    binary.write_bytes(b"\xff\xfe\x00")
    long.write_text("x" * 100_000)
    cases: dict[Any, str] = {
        tmp_path / "none": "which cannot be read: No such file",
        tmp_path: "which is no plain file",
        "/dev/zero": "which is no plain file",
        empty: "which is empty",
        binary: "which is not UTF-8",
        long: "which is longer than",
        "a\0b": "must be the path of a file",
    }
    for path, said in cases.items():
        with pytest.raises(SettingsError) as caught:
            reading(**{name: str(path)})
        assert str(caught.value).startswith(f"{name} ")
        assert said in str(caught.value)


def test_a_value_and_a_file_for_it_are_too_much(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    file.write_text(SECRET)
    with pytest.raises(SettingsError, match="QUORUM_PEPPER and QUORUM_PEPPER_FILE are both given"):
        reading(QUORUM_PEPPER=SECRET, QUORUM_PEPPER_FILE=str(file))
    assert reading(QUORUM_PEPPER="", QUORUM_PEPPER_FILE=str(file)).pepper == SECRET
