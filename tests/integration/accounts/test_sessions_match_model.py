"""Sessions and accounts under random histories: nobody is found who was let out, and there is always an admin."""

import uuid
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import pytest
from accounts import let_pass
from conftest import namespace_keys
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from quorum.accounts.roles import Role
from quorum.accounts.sessions import MOST_OF_ONE, Sessions
from quorum.accounts.stored_accounts import Accounts
from quorum.errors import LastAdmin, SignInRefused, WrongPassword
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout

NAMES = st.sampled_from(["anna", "bo", "cleo"])
IDLE, WHOLE = 7200, 43_200
# Sums of these come no nearer to the two limits, or to a minute, than the seconds that an example takes.
SPANS = st.sampled_from([31, 2011, 3617, 7219])
SLACK = 12


@dataclass
class Known:
    """What a session should be; times are in seconds that the test let pass."""

    name: str
    session_id: str
    opened: int
    seen: int
    is_open: bool = True

    @property
    def ends(self) -> int:
        return min(self.seen + IDLE, self.opened + WHOLE)


class AccountsMachine(RuleBasedStateMachine):
    client: Any

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"test-{uuid.uuid4().hex[:12]}"
        check_layout(self.client, self.namespace, 1)
        self.keys = keys_of(self.namespace, 0)
        self.accounts = Accounts(self.client, self.namespace)
        self.sessions = Sessions(self.client, self.namespace)
        self.now = 0
        self.tokens: dict[str, Known] = {}  # in the order of opening, which is the same when an example is run again
        self.roles: dict[str, Role] = {}
        self.disabled: set[str] = set()
        self.passwords: dict[str, str] = {}
        for name, role in zip(("anna", "bo", "cleo"), (Role.ADMIN, Role.ADMIN, Role.LEAD), strict=True):
            _, self.passwords[name] = self.accounts.add(name, role)
            self.roles[name] = role

    def enabled_admins(self) -> set[str]:
        return {name for name, role in self.roles.items() if role is Role.ADMIN and name not in self.disabled}

    def open_of(self, name: str) -> list[Known]:
        return [one for one in self.tokens.values() if one.is_open and one.name == name]

    def close_all_known(self, name: str, keep: str | None = None) -> None:
        for one in self.open_of(name):
            one.is_open = one.session_id == keep

    @rule(name=NAMES)
    def open(self, name: str) -> None:
        try:
            token, session = self.sessions.open(name, "browser")
        except SignInRefused:
            assert name in self.disabled
            return
        assert name not in self.disabled
        while len(self.open_of(name)) >= MOST_OF_ONE:
            min(self.open_of(name), key=lambda one: one.opened).is_open = False
        self.tokens[token] = Known(name, session.id, self.now, self.now)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def use(self, data: Any) -> None:
        token = data.draw(st.sampled_from(list(self.tokens)))
        known = self.tokens[token]
        found = self.sessions.find(token)
        assert bool(found) is known.is_open
        if found:
            session, account = found
            assert (session.id, session.name) == (known.session_id, known.name)
            assert (account.name, account.role) == (known.name, self.roles[known.name])
            known.seen = self.now if self.now - known.seen >= 60 else known.seen

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def close(self, data: Any) -> None:
        token = data.draw(st.sampled_from(list(self.tokens)))
        self.sessions.close(token)
        self.tokens[token].is_open = False

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def close_by_id(self, data: Any) -> None:
        known = self.tokens[data.draw(st.sampled_from(list(self.tokens)))]
        name = data.draw(NAMES)
        assert self.sessions.close_id(name, known.session_id) is (known.is_open and name == known.name)
        known.is_open = known.is_open and name != known.name

    @rule(name=NAMES, data=st.data())
    def close_all(self, name: str, data: Any) -> None:
        keep = data.draw(st.sampled_from([None, *(one.session_id for one in self.tokens.values())]))
        before = len(self.open_of(name))
        closed = self.sessions.close_all(name, keep=keep)
        self.close_all_known(name, keep)
        assert closed == before - len(self.open_of(name))

    @rule(name=NAMES)
    def disable(self, name: str) -> None:
        last = self.enabled_admins() == {name}
        try:
            self.accounts.disable(name)
        except LastAdmin:
            assert last
            return
        assert not last
        self.disabled.add(name)
        self.close_all_known(name)

    @rule(name=NAMES)
    def enable(self, name: str) -> None:
        self.accounts.enable(name)
        self.disabled.discard(name)

    @rule(name=NAMES, role=st.sampled_from(Role))
    def set_role(self, name: str, role: Role) -> None:
        last = self.enabled_admins() == {name} and role is not Role.ADMIN
        try:
            self.accounts.set_role(name, role)
        except LastAdmin:
            assert last
            return
        assert not last
        if self.roles[name] is not role:
            self.close_all_known(name)
        self.roles[name] = role

    @rule(name=NAMES)
    def reset(self, name: str) -> None:
        self.passwords[name] = self.accounts.reset(name)
        self.close_all_known(name)

    @rule(name=NAMES, knows=st.sampled_from([True, True, True, False]), data=st.data())
    def change_password(self, name: str, knows: bool, data: Any) -> None:  # noqa: FBT001
        keep = data.draw(st.sampled_from([None, *(one.session_id for one in self.open_of(name))]))
        let_pass(self.client, self.keys, 0)
        self.client.delete(*self.client.scan_iter(match=f"{self.keys.sign_ins}*"), self.keys.sign_ins)
        new = f"a new password, number {len(self.passwords[name])} {uuid.uuid4().hex}"
        try:
            self.accounts.change_password(name, self.passwords[name] if knows else "not it", new, keep=keep)
        except WrongPassword:
            assert not knows
            return
        assert knows
        self.passwords[name] = new
        self.close_all_known(name, keep)

    @rule(span=SPANS)
    def let_pass(self, span: int) -> None:
        let_pass(self.client, self.keys, span)
        self.now += span
        for one in self.tokens.values():
            one.is_open = one.is_open and one.ends > self.now
            if one.is_open and one.ends - self.now < SLACK:
                self.sessions.close_id(one.name, one.session_id)  # which of both comes first is not for this test
                one.is_open = False

    @invariant()
    def nobody_is_found_who_was_let_out(self) -> None:
        assert [token for token, one in self.tokens.items() if not one.is_open and self.sessions.find(token)] == []

    @invariant()
    def the_lists_are_of_what_is_open(self) -> None:
        for name in self.roles:
            listed = {one.id for one in self.sessions.list(name)}
            assert listed == {one.session_id for one in self.open_of(name)}

    @invariant()
    def there_is_an_admin(self) -> None:
        accounts = self.accounts.list()
        assert {one.name: one.role for one in accounts} == self.roles
        assert {one.name for one in accounts if one.disabled_ms is not None} == self.disabled
        assert any(one.role is Role.ADMIN and one.disabled_ms is None for one in accounts)

    @invariant()
    def everything_of_sessions_ends(self) -> None:
        let_pass(self.client, self.keys, 0)  # which looks at the end of each

    def teardown(self) -> None:
        for name in namespace_keys(self.client, self.namespace):
            self.client.delete(name)


@pytest.mark.timeout(280)
@pytest.mark.usefixtures("quick_hashes")
def test_accounts_and_sessions_never_differ_from_what_they_should_be(redis_url: str) -> None:
    with connect(redis_url, 5.0) as client:
        run_state_machine_as_test(
            type("Machine", (AccountsMachine,), {"client": client}),
            settings=settings(
                max_examples=40,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
