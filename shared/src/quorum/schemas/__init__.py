"""The shapes of everything that goes over HTTP; validation and the OpenAPI document are made from the same schemas."""
