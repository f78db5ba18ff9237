"""Answers the bell, and looks where none was rung."""
