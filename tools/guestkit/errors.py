"""Errors that are the environment's, not the program's."""


class Missing(Exception):
    """Something is not installed or not there. The text says what, and how to get it."""


class Failed(Exception):
    """A tool did not do what it was asked for; the text has what it said."""
