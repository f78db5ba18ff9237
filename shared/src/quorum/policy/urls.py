"""`[urls]`: which parameters of a URL tell pictures apart, and which URLs are one picture."""

from quorum.images.urls import SameRule, UrlRules
from quorum.images.urls.rules import EVERYWHERE, QueryRule, query_rules
from quorum.images.urls.same import parse_same
from quorum.policy.fields import Fields

MAX_RULES = 50  # of each kind: a report looks through them
MAX_NAMES = 200


def read_urls(fields: Fields) -> UrlRules:
    """Return what a policy says of URLs. Raises PolicyError."""
    table = fields.table("urls", {"keep_query", "drop_query", "same"})
    rules = UrlRules(_query(table, "keep_query"), _query(table, "drop_query"), _same(table))
    for number, sample in rules.circles():
        problem = f"maps to URLs that are mapped again, such as {sample}; let `to` hold something that no `match` has"
        raise table.error(f"same[{number}]", problem)
    return rules


def _query(table: Fields, key: str) -> tuple[QueryRule, ...]:
    """Return the parameters that a list names for all URLs, or a table for some: `"example.org/a/*" = ["id"]`."""
    if key not in table:
        return ()
    if isinstance(table.raw(key), dict):
        inner = table.table(key)
        names = {where: inner.texts(where) for where in inner.names()}
    else:
        inner, names = table, {EVERYWHERE: table.texts(key)}
    if len(names) > MAX_RULES or any(len(of) > MAX_NAMES for of in names.values()):
        raise table.error(key, f"must name at most {MAX_RULES} places with {MAX_NAMES} parameters each")
    rules: dict[str, QueryRule] = {}
    for where, of in names.items():
        try:
            [rule] = query_rules({where: of})
        except ValueError as error:
            raise inner.error(where, str(error)) from error
        if str(rule.where) in rules:
            raise inner.error(where, f"is {rule.where}, which is given twice")
        rules[str(rule.where)] = rule
    return tuple(sorted(rules.values(), key=lambda rule: rule.where.rank))


def _same(table: Fields) -> tuple[SameRule, ...]:
    tables = table.tables("same", {"match", "to"})
    if len(tables) > MAX_RULES:
        raise table.error("same", f"must be at most {MAX_RULES}")
    return tuple(_same_rule(one) for one in tables)


def _same_rule(table: Fields) -> SameRule:
    match, to = table.text("match"), table.text("to")
    try:
        return parse_same(match, to)
    except ValueError as error:
        raise table.error("match", str(error)) from error
