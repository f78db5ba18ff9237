"""Judges an image by its reports: each part as Lua, which Redis runs, and as Python, which tests and simulations run."""
