"""Carries events out: to webhooks and to the message bus."""
