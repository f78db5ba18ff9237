"""The settings that the console alone has."""

from dataclasses import dataclass

from quorum.settings.declaring import CONSOLE, setting
from quorum.settings.kinds import Secret, Text

_ISSUER = r"https?://[^\s?#]{1,255}"


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How people inside reach the console, and sign in."""

    console_url: str = setting(
        Text(r"https?://[^\s/?#]{1,255}", "an address as https://console.example.org"),
        "",
        (CONSOLE,),
        "where people reach the console: it answers under no other name, and a provider sends them back there",
        default_text="any name",
    )
    oidc_issuer: str = setting(
        Text(_ISSUER, "the address of an OpenID provider"),
        "",
        (CONSOLE,),
        "an OpenID provider by which people may sign in, beside passwords; accounts are made by `quorum accounts`",
    )
    oidc_client: str = setting(
        Text(r"\S{1,255}", "1 to 255 characters without spaces"), "", (CONSOLE,), "the client id there"
    )
    oidc_secret: str = setting(Secret(), "", (CONSOLE,), "its secret")
