"""What the demo page says; its stories are in `stories`, its crews in `crew_texts`."""

from report_api.translating import later

TEXTS = {
    "title": later("The Daily Quorum"),
    "panel": later("About this demonstration"),
    "tagline": later("All the news that people agree on"),
    "demo": later(
        "A demonstration. Send readers to a picture, or report one yourself with its button, and see what "
        "becomes of it: it is blocked once enough different people have reported it."
    ),
    "reader": later("You are reader"),
    "another": later("Become another reader"),
    "fresh": later("Start over with fresh pictures"),
    "choose": later("Send readers here"),
    "send": later("Send readers to:"),
    "members": later("Readers: {members}."),
    "points": later("{score} of {threshold} points"),
    "people": later("Different people: {people}"),
    "archive": later("Archive: {blocked} blocked, {held} held"),
    "event": later("The event that other services get"),
    "no_event": later("None so far: nothing has been decided."),
    "failed": later("The readers could not be sent. Please try again in a moment."),
    "stale": later("No news from the server just now; this page keeps asking."),
    "language": later("Language"),
    "script": later("This page needs JavaScript."),
}

# The verdict in a sentence, by the state of the picture; `quiet` is open, and reported by nobody.
STATES = {
    "quiet": later("Nobody has reported this picture."),
    "open": later("Open: it stays, for it has not enough points."),
    "blocked": later(
        "Blocked: enough different people agree. It is hidden from everybody, and one event has gone out."
    ),
    "held": later("Held: it waits for a moderator, and readers are asked before they see it."),
    "cleared": later("Cleared: a moderator has looked at it, and it stays."),
}

# Why a picture is held rather than blocked.
CAUSES = {
    "budget": later("Those who reported it have helped to block as many pictures as they may in a day."),
    "shields": later("So many pictures were blocked lately that the bar is higher for a while."),
    "protected": later("The policy never blocks it without a moderator."),
    "warned": later("Those who reported it were warned for unfounded reports."),
}
