"""Statements of reasons: why an image is blocked, in words and in the vocabulary of the EU's Transparency Database."""
