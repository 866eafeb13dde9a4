"""Greets people by name, in their language."""

from greeter.greeting import greet, languages

__all__ = ["greet", "languages"]
