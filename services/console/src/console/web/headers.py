"""The headers that every answer carries."""

from flask import Flask, Response, request

PICTURES = "img-src 'self' data: https: http:"  # those that are judged lie on the site's servers
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
    f"{PICTURES}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # forms are checked by it; no picture's server is told who looks
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": _POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def send_headers(app: Flask) -> None:
    """Put them on all answers; pages are never kept by anybody."""

    @app.after_request
    def dress(response: Response) -> Response:
        response.headers.update(_ALWAYS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        response.vary.update(("Accept-Language", "Cookie", "HX-Request"))
        return response
