"""What the page says."""

from report_api.translating import later

TEXTS = {
    "title": later("quorum runs here"),
    "language": later("Language"),
    "what": later(
        "An image is blocked once enough different people have reported it: at {threshold} points, from "
        "{people} people or more. Then every other service is told."
    ),
    "ready": later("Ready: reports are taken."),
    "waiting": later("Not ready: Redis is away. The page of operations says what to do."),
    "click": later("Click"),
    "demo": later("The demonstration"),
    "demo_what": later("A news page: send a crowd or a brigade to a picture, and watch what becomes of it."),
    "docs": later("Documentation of the API"),
    "docs_what": later("Every call, with examples that can be tried."),
    "metrics": later("Metrics"),
    "metrics_what": later("The numbers, for Prometheus."),
    "paste": later("Paste: five readers report an image"),
    "shell": later("In a second terminal, in the same folder, open a shell that knows this quorum:"),
    "after_paste": later("The last line shows the one event that went out. To see events as they happen:"),
    "own": later("A page of your own"),
    "own_page": later(
        "Paste this into such a shell, too. It makes a page with one picture and a report button, and serves it."
    ),
    "own_open": later("Open the page, and report the picture if you like:"),
    "own_block": later(
        "Let five more readers report it, from another such shell. Then load the page again: the picture is hidden."
    ),
    "to_copy": later("Copy"),
    "copied": later("Copied"),
    "public": later("Report API"),
    "public_what": later(
        "Readers of a site report images here. An image that enough different people have reported is blocked."
    ),
}
