"""What the demo page says of the readers that can be sent: what they are called, who they are, why they count so."""

from report_api.translating import later

CREW_TEXTS = {
    "crowd": {
        "title": later("A crowd"),
        "who": later("Each from elsewhere, with accounts of years."),
        "why": later("They have nothing in common but the picture, so each of them counts in full."),
    },
    "office": {
        "title": later("One office"),
        "who": later("Accounts of years, all behind one address."),
        "why": later(
            "People of one network look alike and add less each: together they count for little more than one."
        ),
    },
    "fresh": {
        "title": later("A fresh brigade"),
        "who": later("Accounts that were made this minute."),
        "why": later("An account grows into its weight within {days} days, and one of this minute weighs nothing."),
    },
    "patient": {
        "title": later("A patient brigade"),
        "who": later("Accounts of years that take picture after picture: {archive} of the archive, then this one."),
        "why": later(
            "A person helps to block at most {budget} pictures a day. Beyond that, their reports only bring a "
            "picture before a moderator."
        ),
    },
}
