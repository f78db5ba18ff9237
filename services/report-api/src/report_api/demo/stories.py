"""The stories of the demo page, each about one of the pictures drawn for it in `static/pictures`.

`picture` says what there is to see, for those who do not see it.
"""

from report_api.translating import later

STORIES = {
    "harbour": {
        "headline": later("The harbour wakes before the town"),
        "lead": later("Fishing boats left the quay at dawn, on the calmest sea of the year."),
        "picture": later("Two sailing boats on calm water, under a low orange sun."),
    },
    "market": {
        "headline": later("Saturday market breaks its own record"),
        "lead": later("Three hundred stalls, and not one umbrella was needed."),
        "picture": later("Stalls with red and white awnings, full of fruit, in a sunny square."),
    },
    "summit": {
        "headline": later("Climbers reach the eastern summit"),
        "lead": later("The old route is open again after eleven years of repairs."),
        "picture": later("Two climbers near a snowy peak with a red flag on it."),
    },
    "storm": {
        "headline": later("Storm passes north of the city"),
        "lead": later("Lightning was seen for an hour; the power stayed on."),
        "picture": later("Lightning over the dark roofs of a city, with some windows lit."),
    },
    "concert": {
        "headline": later("An orchestra plays for the night shift"),
        "lead": later("The concert began at four in the morning, and was sold out."),
        "picture": later("A conductor between two cellos on a stage with red curtains."),
    },
    "garden": {
        "headline": later("A car park becomes a garden"),
        "lead": later("Neighbours planted two thousand seedlings in a weekend."),
        "picture": later("A woman beside beds of seedlings, and a tree in front of houses."),
    },
}
