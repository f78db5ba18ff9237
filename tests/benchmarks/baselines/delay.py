"""A Flask endpoint that validates with marshmallow and sends a Celery task per report."""

import os

from flask import Flask, request
from marshmallow import Schema, fields, validate

from .tasks import TALLY, make_app


class ReportSchema(Schema):
    """A report of one image."""

    image_id = fields.String(required=True, validate=validate.Length(min=1, max=200))
    reason = fields.String(required=True, validate=validate.OneOf(["violence", "nudity", "hate", "spam", "other"]))
    reporter_id = fields.String(required=True, validate=validate.Length(min=1, max=200))


def create_app() -> Flask:
    """Return the application; BENCHMARK_REDIS_URL names its broker."""
    app = Flask(__name__)
    tally = make_app(os.environ["BENCHMARK_REDIS_URL"], broker_pool_limit=64).tasks[TALLY]
    schema = ReportSchema()

    @app.post("/v1/reports")
    def create_report() -> tuple[str, int]:
        report = schema.load(request.get_json())
        tally.delay(report["image_id"], report["reporter_id"], report["reason"])
        return "accepted", 202

    return app
