"""What the page gives people to paste, for the quorum that it belongs to. Each is run by a test, as it stands there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from report_api.button.files import scripts

_LOCAL = re.compile(r"http://127\.0\.0\.1:(\d+)")

_BLOCK = """\
for n in 1 2 3 4 5; do
  curl -s -H "Authorization: Bearer $QUORUM_SITE_KEY" -H 'content-type: application/json' \\
    -d '{"image_id":"IMAGE","reason":"violence","reporter_id":"reader-'$n'"}' $QUORUM_URL/v1/reports; echo
done
"""
_EVENTS = """\
curl -s "$QUORUM_URL/v1/events?subject=IMAGE&wait=10"
"""
_PAGE = """\
mkdir -p my-page && cd my-page
curl -so picture.svg $QUORUM_URL/demo/static/pictures/harbour.svg
cat >index.html <<'END'
<!doctype html>
<html lang="en">
<title>My page</title>
<script type="module" crossorigin data-auto
  src="ROOT/button/NAME"
  integrity="INTEGRITY"></script>
<img data-quorum="my-picture" src="picture.svg" alt="Two boats" width="480">
</html>
END
python3 -m http.server PORT --bind 127.0.0.1
"""


@dataclass(frozen=True, slots=True)
class Snippets:
    """Commands for a shell that knows this quorum; `page_url` is empty where no page of this machine may call it."""

    block: str
    page: str
    page_url: str
    block_page: str


def snippets(root: str, origins: Sequence[str]) -> Snippets:
    """Return what to paste; `root` is where the API is, `origins` those whose pages may call it."""
    ports = [found[1] for origin in origins if (found := _LOCAL.fullmatch(origin))]
    name, script = next(iter(scripts().items()))
    page = _PAGE.replace("ROOT", root).replace("NAME", name).replace("INTEGRITY", script.integrity)
    return Snippets(
        block=(_BLOCK + _EVENTS).replace("IMAGE", "img-1"),
        page=page.replace("PORT", ports[0]) if ports else "",
        page_url=f"http://127.0.0.1:{ports[0]}/" if ports else "",
        block_page=_BLOCK.replace("IMAGE", "my-picture"),
    )
