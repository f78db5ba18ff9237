"""The dashboard "Moderation and abuse"."""

from boards.panels import Board, Graph, Number, Row, shared, shared_rate
from boards.single_numbers import HELD, SHIELDS

BOARD = Board(
    "moderation",
    "Moderation and abuse",
    (
        Row(
            "Now",
            (
                SHIELDS,
                HELD,
                Number("Longest wait for a moderator", "max(quorum_held_oldest_age_seconds)", "s", 86400),
                Number("Longest wait of an appeal", "max(quorum_appeals_oldest_age_seconds)", "s", 604800),
            ),
        ),
        Row(
            "What became of reports",
            (
                Graph(
                    "Reports",
                    tuple(
                        (shared_rate(f"quorum_reports_{name}_total"), name)
                        for name in ("counted", "repeated", "muted", "immune", "contested", "full", "dead")
                    ),
                    "ops",
                    "Counted: a new reporter of an image. Muted: weighs nothing. Contested: of a cleared image.",
                ),
                Graph(
                    "New reporters, by class",
                    (
                        (
                            shared_rate("quorum_reporters_counted_total", "class"),
                            "{{class}}",
                        ),
                    ),
                    "ops",
                    "A brigade of throw-away accounts shows as many anonymous or fresh reporters at once.",
                ),
                Graph(
                    "Blocks and holds",
                    (
                        (shared_rate("quorum_images_blocked_total"), "blocked by reports"),
                        (shared_rate("quorum_images_held_total"), "held"),
                        (shared_rate("quorum_images_blocked_by_moderators_total"), "blocked by moderators"),
                        (shared_rate("quorum_images_unblocked_total"), "unblocked"),
                    ),
                    "ops",
                ),
                Graph(
                    "Decisions",
                    tuple(
                        (shared_rate(f"quorum_decisions_{name}_total"), name) for name in ("block", "uphold", "clear")
                    ),
                    "ops",
                    "Many that clear: the threshold is too low, or somebody abuses reports.",
                ),
                Graph(
                    "Appeals",
                    (
                        (shared_rate("quorum_appeals_upheld_total"), "the block stays"),
                        (shared_rate("quorum_appeals_cleared_total"), "the block ended"),
                        (shared_rate("quorum_appeals_lapsed_total"), "lapsed"),
                    ),
                    "ops",
                    "Many by which the block ends: too much is blocked, or moderators differ.",
                ),
                Graph(
                    "Reporters",
                    (
                        (shared_rate("quorum_reporters_warned_total"), "warned"),
                        (shared_rate("quorum_reporters_muted_total"), "muted"),
                    ),
                    "ops",
                ),
                Graph(
                    "Images",
                    (
                        (shared("quorum_blocked_images"), "blocked"),
                        (shared("quorum_held_images"), "held"),
                    ),
                ),
                Graph("Shields raised", ((shared_rate("quorum_shields_raised_total"), "raised by a cap"),), "ops"),
                Graph(
                    "Policy",
                    (("count by (version) (quorum_policy_info)", "{{version}}"),),
                    about="One version is right.",
                ),
            ),
        ),
    ),
)
