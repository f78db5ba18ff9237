"""Names with the prefix that no service reads, and who does: services leave them alone."""

NAMES_OF_OTHERS = {
    "QUORUM_PORT": "`quorum run` and docker-compose.yml: where the API is published",
    "QUORUM_STREAM_PORT": "`quorum run` and docker-compose.yml: where the stream is published",
    "QUORUM_CONSOLE_PORT": "`quorum run` and docker-compose.yml: where the console is published",
    "QUORUM_METRICS_PORT": "`quorum run`: where the worker's metrics are",
    "QUORUM_BIND": "docker-compose.yml: the address where all are published",
    "QUORUM_DATA": "`quorum run`: its data directory",
    "QUORUM_URL": "made by `quorum run` for shells and scripts: where the API answers",
    "QUORUM_STREAM_URL": "made by `quorum run` for shells and scripts: where the stream answers",
}
