"""Judges an image by its reports: in Lua, which Redis runs, and in Python, which tests and simulations run."""
