"""Reads the settings from the environment, all at once: every error is told, with the variable's name and the fix."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from quorum.errors import SettingsError
from quorum.network.endpoint import CLUSTER, MalformedUrlError
from quorum.settings.declared import SETTINGS, Settings
from quorum.settings.declaring import PREFIX, Declared
from quorum.settings.others import NAMES_OF_OTHERS

FILE = "_FILE"
MAX_FILE_BYTES = 65_536
_EDGE = " \t\r\n\v\f\u00a0\u2028\u2029\ufeff\u200b"  # what editors, shells and copying leave around a value
# What Kubernetes and Docker links make of a service that is called quorum-something.
_SERVICE_LINK = re.compile(r".+_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_LINKED_PORT = re.compile(r"(tcp|udp|sctp)://.+")
_CLOSE = 0.75  # of difflib: so near that a slip is likely

_SCHEMA = Schema.from_dict({one.name: one.kind for one in SETTINGS}, name="Environment")()
_FILED = {one.name + FILE for one in SETTINGS if one.kind.secret}
KNOWN_NAMES = {one.name for one in SETTINGS} | _FILED | NAMES_OF_OTHERS.keys()


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment states. Raises SettingsError naming each bad variable and its fix."""
    given = {name: text for name, raw in (os.environ if environ is None else environ).items() if (text := _trim(raw))}
    problems = list(_unknown(given))
    texts: dict[str, str] = {}
    for one in SETTINGS:
        try:
            text = _text(one, given)
        except SettingsError as error:
            problems.append(str(error))
        else:
            texts |= {one.name: text} if text else {}
    values = _load(texts, given, problems)
    settings = Settings(**{one.attribute: values[one.name] for one in SETTINGS if one.name in values})
    settings = settings if settings.broker_url else _with_store_as_broker(settings)
    problems += _clashes(settings) if not problems else ()
    if problems:
        raise SettingsError(_told(problems))
    return settings


def _load(texts: dict[str, str], given: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    try:
        return dict(_SCHEMA.load(texts))
    except ValidationError as error:
        for name, told in sorted(error.messages_dict.items()):
            source = f" (from {given[name + FILE]})" if name + FILE in given else ""
            problems.append(f"{name}{source} {'; '.join(told)}")
        return {}


def _text(one: Declared, given: Mapping[str, str]) -> str:
    """Return what is given for a setting, by itself or in a file; an empty text is nothing given."""
    path = given.get(one.name + FILE) if one.kind.secret else None
    if path is None:
        return given.get(one.name, "")
    if one.name in given:
        raise SettingsError(f"{one.name} and {one.name}{FILE} are both given: take one of them away")
    text = _trim(_file(one.name + FILE, path))
    if not text:
        raise SettingsError(f"{one.name}{FILE} names {path}, which is empty: write the value into it")
    return text


def _file(name: str, path: str) -> str:
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise SettingsError(f"{name} names {path}, which is no plain file: name a file that holds the value")
        with Path(path).open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name} names {path}, which is not UTF-8: write the value in UTF-8") from error
    except OSError as error:
        raise SettingsError(f"{name} names {path}, which cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{name} must be the path of a file") from error
    if len(content) > MAX_FILE_BYTES:
        raise SettingsError(f"{name} names {path}, which is longer than {MAX_FILE_BYTES} bytes: name the right file")
    return text


def _trim(raw: str) -> str:
    return raw.strip(_EDGE)


def _unknown(given: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(given):
        if name.upper().startswith(PREFIX) and name not in KNOWN_NAMES and not _is_link(name, given[name]):
            yield f"{name} is no setting of quorum: {_advice(name)}"


def _is_link(name: str, value: str) -> bool:
    return bool(_SERVICE_LINK.fullmatch(name)) or (name.endswith("_PORT") and bool(_LINKED_PORT.fullmatch(value)))


def _advice(name: str) -> str:
    if name.upper() in KNOWN_NAMES:
        return f"write it as {name.upper()}"
    if name.removesuffix(FILE) in KNOWN_NAMES:
        return f"{name.removesuffix(FILE)} is not read from a file; give the value itself"
    endings = [known.removeprefix(PREFIX) for known in sorted(KNOWN_NAMES - _FILED)]
    near = get_close_matches(name.upper().removeprefix(PREFIX), endings, 1, _CLOSE)
    return f"did you mean {PREFIX}{near[0]}?" if near else "take it away (docs/settings.md lists every setting)"


def _with_store_as_broker(settings: Settings) -> Settings:
    return replace(
        settings,
        broker_url=settings.redis_url,
        broker_username=settings.broker_username or settings.redis_username,
        broker_password=settings.broker_password or settings.redis_password,
    )


def _clashes(settings: Settings) -> Iterator[str]:
    """Say what is wrong between settings that are good each by itself."""
    endpoints = []
    for attribute, name in (("store", "QUORUM_REDIS_URL"), ("broker", "QUORUM_BROKER_URL"), ("bus", "QUORUM_BUS_URL")):
        try:
            endpoints.append(getattr(settings, attribute))
        except MalformedUrlError as error:
            yield f"{name} {error}"
            return
    if settings.broker.kind == CLUSTER:
        fix = "must name one Redis or RabbitMQ of its own: Celery cannot use a Redis Cluster as its broker"
        yield f"QUORUM_BROKER_URL {fix}"
    if (settings.tls_ca or settings.tls_cert or settings.tls_key) and not any(one and one.tls for one in endpoints):
        yield "QUORUM_TLS_CA, _CERT and _KEY are for servers with TLS, and no URL says so: write rediss:// or amqps://"
    if settings.trusted_proxies and not settings.proxy_hops:
        yield "QUORUM_TRUSTED_PROXIES needs QUORUM_PROXY_HOPS: how many proxies a request comes through"


def _told(problems: list[str]) -> str:
    if len(problems) == 1:
        return problems[0]
    return "\n- ".join([f"{len(problems)} settings cannot be used:", *problems])
