"""What a greeting is."""

import pytest

from greeter import greet, languages


def test_greets_in_english_unless_told_otherwise():
    """English is the default."""
    assert greet("Ada") == "Hello, Ada!"


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "Guten Tag, Ada!"), ("en", "Hello, Ada!"), ("fr", "Bonjour, Ada !")],
)
def test_speaks_every_language(language, expected):
    """Each language has its own form."""
    assert greet("Ada", language) == expected


def test_white_space_around_and_within_a_name_is_tidied():
    """People type more spaces than they mean."""
    assert greet("  Ada   Lovelace ") == "Hello, Ada Lovelace!"


@pytest.mark.parametrize("name", ["", "   "])
def test_nobody_can_not_be_greeted(name):
    """An empty name is an error."""
    with pytest.raises(ValueError, match="nobody"):
        greet(name)


def test_an_unknown_language_is_named():
    """The message says which language was asked for."""
    with pytest.raises(ValueError, match="'tlh'"):
        greet("Ada", "tlh")


def test_languages_are_sorted():
    """The order doesn't depend on how they were written down."""
    assert languages() == ["de", "en", "fr"]
