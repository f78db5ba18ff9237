"""The settings that the documents show are read as they stand: a policy, an environment, an override of compose."""

from pathlib import Path

import pytest
import yaml
from blocks import ROOT, Block
from certificates import Authority

from quorum.images.image import parse_image
from quorum.policy import parse_policy
from quorum.settings.declared import SETTINGS
from quorum.settings.reading import read_settings


@pytest.mark.runs("docs/names.md", "toml")
def test_the_rules_for_urls_make_one_image_of_what_the_page_says(shown: list[Block]) -> None:
    [block] = shown
    default = (ROOT / "shared/src/quorum/policy/default.toml").read_text(encoding="utf-8")
    rules = parse_policy(f"{default}\n{block.text}", "names.md").urls

    def name(url: str) -> str:
        return parse_image(url, rules).id

    assert name("https://news.example.org/image.php?x=1&id=5") == "https://news.example.org/image.php?id=5"
    assert name("https://a.cdn.example.org/b.jpg?w=5&v=2") == "https://a.cdn.example.org/b.jpg?v=2"
    assert name("https://cdn.example.org/b/c-640x480.jpg") == name("https://cdn.example.org/b/c-64x48.webp")


@pytest.mark.runs("docs/deployment.md", "QUORUM_REDIS_URL=rediss://")
def test_the_settings_of_a_managed_redis_are_read(shown: list[Block], tmp_path: Path) -> None:
    [block] = shown
    told = dict(line.split("=", 1) for line in block.text.split())
    password = tmp_path / "redis"
    password.write_text("a secret")
    files = {"QUORUM_REDIS_PASSWORD_FILE": password, "QUORUM_TLS_CA": Authority(tmp_path).ca}
    assert files.keys() == {name for name, text in told.items() if text.startswith("/")}
    told |= {name: str(path) for name, path in files.items()}
    store = read_settings(told).store
    assert (store.hosts, store.database) == ((("my-redis.example.net", 6380),), 0)
    assert store.tls
    assert (store.username, store.password) == ("quorum", "a secret")


@pytest.mark.runs("docs/deployment.md", "yaml")
def test_the_override_of_compose_fits_what_it_overrides(shown: list[Block]) -> None:
    [block] = shown
    override = yaml.safe_load(block.text)
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert override.keys() == {"services"}
    known = {one.name for one in SETTINGS}
    for name, service in override["services"].items():
        assert name in compose["services"]
        assert service["environment"].keys() <= known
        mounted = service["volumes"][0].split(":")[1]
        assert service["environment"]["QUORUM_POLICY"].startswith(f"{mounted}/")
    readers = {name for name, one in compose["services"].items() if "quorum" in str(one.get("image"))}
    assert {"report-api", "worker"} <= readers
