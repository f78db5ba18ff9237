"""Reads a policy file (TOML) and says exactly what is wrong with a bad one."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from quorum.errors import InvalidName, PolicyError
from quorum.images.urls import UrlRules
from quorum.people import Person
from quorum.policy.classes import ANONYMOUS, CLASSES, MUTED, TRUSTED, VERIFIED
from quorum.policy.fields import Fields, Source
from quorum.policy.images import canonical_match
from quorum.policy.legal import read_legal
from quorum.policy.model import LANGUAGES, MAX_REPORTERS_STORED, POINT, Bar, ImageRule, Policy, Reason
from quorum.policy.old_rules import take_out_old_rules
from quorum.policy.pictures import read_pictures
from quorum.policy.sections import Abuse, Accuracy, AfterClear, Appeals, Limits, People, Shields, Tokens, Withdrawals
from quorum.policy.urls import read_urls

MAX_WEIGHT = 65.0  # points; a tally keeps a reporter's weight in 16 bits of thousandths
MAX_SCORE = MAX_WEIGHT * MAX_REPORTERS_STORED
MAX_REASONS = 50
MAX_IMAGE_RULES = 100  # a script looks through them
MAX_LABEL_CHARACTERS = 60
MAX_DAYS = 3650
MAX_AGE_DAYS = 45  # a row keeps the age of an account in 16 bits of minutes
MAX_BLOCKS_PER_DAY = 100  # of one person; so many times are kept of each
MAX_BLOCKS_COUNTED = 100_000  # by the shields
SECONDS_PER_DAY = 86400
BYTE_ORDER_MARK = "\ufeff"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_BAR = {"threshold", "min_reporters"}
_SECTIONS = {
    *_BAR,
    *("window_days", "reporters", "reasons", "images", "people", "after_clear", "withdrawals", "accuracy", "abuse"),
    *("shields", "limits", "tokens", "views", "urls", "pictures", "appeals", "dsa", "categories", "laws"),
}


def load_policy(path: Path | None = None) -> Policy:
    """Read the policy at `path`, or the default one that is shipped with quorum. Raises PolicyError."""
    return default_policy() if path is None else parse_policy(policy_text(path), str(path))


def policy_text(path: Path | None) -> str:
    """Return what the file at `path` holds, or the policy that is shipped with quorum. Raises PolicyError."""
    try:
        return path.read_text(encoding="utf-8-sig") if path else _default_text()
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: cannot be read: {getattr(error, 'strerror', error)}") from error


@cache
def default_policy() -> Policy:
    """Return the policy that is shipped with quorum."""
    return parse_policy(_default_text(), "default.toml")


@cache
def _default_text() -> str:
    return files("quorum.policy").joinpath("default.toml").read_text(encoding="utf-8")


@cache
def _default_reasons() -> dict[str, Any]:
    reasons: dict[str, Any] = tomllib.loads(_default_text())["reasons"]
    return reasons


@cache
def _default_categories() -> dict[str, str]:
    categories: dict[str, str] = tomllib.loads(_default_text())["categories"]
    return categories


def _usual_labels(reason: str) -> dict[str, str]:
    """Return what the default policy calls a reason, for a policy that does not say."""
    known = _default_reasons().get(reason, {})
    return {language: known[language] for language in LANGUAGES if language in known}


def parse_policy(text: str, source: str) -> Policy:
    """Return the policy that `text` states; `source` names it in errors. Raises PolicyError."""
    text = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")  # as editors on Windows write
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{source}: not valid TOML: {error}") from error
    notes = take_out_old_rules(table)
    fields = Fields(Source(source, text), table, "", _SECTIONS)
    bar, urls = _bar(fields, None), read_urls(fields)
    reasons = _reasons(fields, bar)
    policy = Policy(
        threshold=bar.threshold,
        min_reporters=bar.min_reporters,
        window_seconds=round(fields.number("window_days", low=1 / 1440, high=MAX_DAYS) * SECONDS_PER_DAY),
        reporter_weights=_reporter_weights(fields),
        reasons=reasons,
        images=_images(fields, bar, urls),
        people=_people(fields),
        after_clear=_after_clear(fields),
        withdrawals=_withdrawals(fields),
        accuracy=_accuracy(fields),
        abuse=_abuse(fields),
        shields=_shields(fields),
        limits=_limits(fields),
        tokens=_tokens(fields),
        least_view_ratio=fields.table("views", {"least_ratio"}).number("least_ratio", 0, low=0, high=1),
        urls=urls,
        pictures=read_pictures(fields),
        appeals=_appeals(fields),
        legal=read_legal(fields, [reason.name for reason in reasons], _default_categories),
        notes=notes,
    )
    _check_together(policy, fields)
    return policy


def _bar(fields: Fields, default: Bar | None) -> Bar:
    return Bar(
        threshold=fields.number("threshold", default.threshold if default else None, low=1 / POINT, high=MAX_SCORE),
        min_reporters=fields.whole(
            "min_reporters", default.min_reporters if default else None, low=1, high=MAX_REPORTERS_STORED
        ),
    )


def _reporter_weights(fields: Fields) -> dict[str, float]:
    table = fields.table("reporters", set(CLASSES), required=True)
    for name in (VERIFIED, ANONYMOUS):
        if name not in table:
            raise fields.error("reporters", f"must give a weight for {name!r}")
    usual = {TRUSTED: 5.0, MUTED: 0.0}
    return {name: table.number(name, usual.get(name), low=0, high=MAX_WEIGHT) for name in CLASSES}


def _reasons(fields: Fields, general: Bar) -> tuple[Reason, ...]:
    table = fields.table("reasons", required=True)
    names = table.names()
    if not 1 <= len(names) <= MAX_REASONS:
        raise fields.error("reasons", f"must name 1 to {MAX_REASONS} reasons")
    return tuple(_reason(table, name, general) for name in names)


def _reason(table: Fields, name: str, general: Bar) -> Reason:
    """Return a reason, which is given as its weight alone or as a table."""
    if not _NAME.fullmatch(name):
        raise table.error(name, "must be lower case letters, digits and _, at most 31")
    if not isinstance(table.raw(name), dict):
        return Reason(name, table.number(name, low=0, high=MAX_WEIGHT), labels=_usual_labels(name))
    fields = table.table(name, {"weight", *_BAR, *LANGUAGES})
    labels = {language: fields.text(language) for language in LANGUAGES if language in fields} or _usual_labels(name)
    for language, label in labels.items():
        if len(label) > MAX_LABEL_CHARACTERS or not label.isprintable():
            raise fields.error(language, f"must be printable, at most {MAX_LABEL_CHARACTERS} characters")
    bar = None
    if "threshold" in fields or "min_reporters" in fields:
        bar = _bar(fields, general)
        if bar.threshold > general.threshold:
            problem = "cannot be above the general threshold, to which these reports count as well; lower the weight"
            raise fields.error("threshold", problem)
    return Reason(name, fields.number("weight", 1.0, low=0, high=MAX_WEIGHT), bar, labels)


def _images(fields: Fields, general: Bar, urls: UrlRules) -> tuple[ImageRule, ...]:
    tables = fields.tables("images", {"match", "protected", *_BAR})
    if len(tables) > MAX_IMAGE_RULES:
        raise fields.error("images", f"must be at most {MAX_IMAGE_RULES}")
    rules: dict[str, ImageRule] = {}
    for table in tables:
        try:
            match = canonical_match(table.text("match"), urls)
        except ValueError as error:
            raise table.error("match", str(error)) from error
        if match in rules:
            raise table.error("match", f"{match!r} is given twice")
        rules[match] = ImageRule(match, _bar(table, general), table.flag("protected", default=False))
    return tuple(sorted(rules.values(), key=lambda rule: (not rule.exact, -len(rule.text), rule.text)))


def _people(fields: Fields) -> People:
    usual = People()
    known = {"trusted", "muted", "muted_networks", "trusted_alone", "full_weight_days", "blocks_per_day", "fold_case"}
    table = fields.table("people", known)
    fold_case = table.flag("fold_case", default=usual.fold_case)
    return People(
        trusted=_names(table, "trusted", fold_case=fold_case),
        muted=_names(table, "muted", fold_case=fold_case),
        muted_networks=table.networks("muted_networks"),
        trusted_alone=table.flag("trusted_alone", default=usual.trusted_alone),
        full_weight_days=table.number("full_weight_days", usual.full_weight_days, low=0, high=MAX_AGE_DAYS),
        blocks_per_day=table.whole("blocks_per_day", usual.blocks_per_day, low=0, high=MAX_BLOCKS_PER_DAY),
        fold_case=fold_case,
    )


def _names(table: Fields, field: str, *, fold_case: bool) -> frozenset[str]:
    """Return the canonical names of people; a name that nobody could have is an error, as it would never match."""
    names = set()
    for number, name in enumerate(table.texts(field), 1):
        try:
            names.add(Person(name, fold_case=fold_case).name)
        except InvalidName as error:
            raise table.error(field, f"name number {number} {error}") from error
    return frozenset(names)


def _after_clear(fields: Fields) -> AfterClear:
    usual = AfterClear()
    table = fields.table("after_clear", {"immune_days", "threshold_factor", "review_reporters"})
    return AfterClear(
        immune_days=table.number("immune_days", usual.immune_days, low=0, high=MAX_DAYS),
        threshold_factor=table.number("threshold_factor", usual.threshold_factor, low=1, high=100),
        review_reporters=table.whole("review_reporters", usual.review_reporters, low=0, high=MAX_REPORTERS_STORED),
    )


def _withdrawals(fields: Fields) -> Withdrawals:
    table = fields.table("withdrawals", {"undo_minutes"})
    return Withdrawals(table.number("undo_minutes", Withdrawals().undo_minutes, low=0, high=MAX_DAYS * 1440))


def _accuracy(fields: Fields) -> Accuracy:
    usual = Accuracy()
    table = fields.table("accuracy", {"prior", "least", "most"})
    return Accuracy(
        prior=table.whole("prior", usual.prior, low=1, high=1000),
        least=table.number("least", usual.least, low=0, high=1),
        most=table.number("most", usual.most, low=1, high=2),
    )


def _abuse(fields: Fields) -> Abuse:
    usual = Abuse()
    table = fields.table("abuse", {"unfounded", "share", "notice_days", "mute_days"})
    return Abuse(
        unfounded=table.whole("unfounded", usual.unfounded, low=0, high=200),
        share=table.number("share", usual.share, low=0, high=1),
        notice_days=table.number("notice_days", usual.notice_days, low=0, high=MAX_DAYS),
        mute_days=table.number("mute_days", usual.mute_days, low=1 / 1440, high=MAX_DAYS),
    )


def _shields(fields: Fields) -> Shields:
    usual = Shields()
    table = fields.table("shields", {"blocks_per_hour", "blocks_per_day", "factor", "up_minutes"})
    return Shields(
        blocks_per_hour=table.whole("blocks_per_hour", usual.blocks_per_hour, low=0, high=MAX_BLOCKS_COUNTED),
        blocks_per_day=table.whole("blocks_per_day", usual.blocks_per_day, low=0, high=MAX_BLOCKS_COUNTED),
        factor=table.number("factor", usual.factor, low=1, high=100),
        up_minutes=table.number("up_minutes", usual.up_minutes, low=0.01, high=MAX_DAYS * 1440),
    )


def _limits(fields: Fields) -> Limits:
    usual = Limits()
    table = fields.table("limits", {"reporter", "network", "key", "looks"})
    return Limits(
        reporter=table.whole("reporter", usual.reporter, low=0, high=10**9),
        network=table.whole("network", usual.network, low=0, high=10**9),
        key=table.whole("key", usual.key, low=0, high=10**9),
        looks=table.whole("looks", usual.looks, low=0, high=10**9),
    )


def _appeals(fields: Fields) -> Appeals:
    usual = Appeals()
    table = fields.table("appeals", {"another_moderator", "keep_days"})
    return Appeals(
        another_moderator=table.flag("another_moderator", default=usual.another_moderator),
        keep_days=table.number("keep_days", usual.keep_days, low=0, high=MAX_DAYS),
    )


def _tokens(fields: Fields) -> Tokens:
    table = fields.table("tokens", {"max_hours"})
    return Tokens(max_hours=table.number("max_hours", Tokens().max_hours, low=1 / 60, high=MAX_DAYS * 24))


def _check_together(policy: Policy, fields: Fields) -> None:
    """Refuse what is right field by field and wrong as a whole."""
    codes: dict[int, str] = {}
    for reason in policy.reasons:
        other = codes.setdefault(reason.code, reason.name)
        if other != reason.name:
            raise fields.error("reasons", f"{other!r} and {reason.name!r} share a code; rename one of them")
    heaviest = max(max(by_reason.values()) for by_reason in policy.weights.values())
    if heaviest * policy.accuracy.most > MAX_WEIGHT * POINT:
        problem = f"reporter weight x reason weight x accuracy.most must not exceed {MAX_WEIGHT}"
        raise fields.error("reporters", problem)
    if heaviest * MAX_REPORTERS_STORED < policy.threshold * POINT:
        raise fields.error("threshold", f"cannot be reached by {MAX_REPORTERS_STORED} reporters; lower it")
    overlap = policy.people.trusted & policy.people.muted
    if overlap:
        raise fields.error("people.muted", f"names {min(overlap)!r}, who is trusted as well; choose one")
