"""The greetings and how they are put together."""

GREETINGS = {
    "de": "Guten Tag, {name}!",
    "en": "Hello, {name}!",
    "fr": "Bonjour, {name} !",
}


def languages():
    """The codes of the languages that can be spoken, sorted."""
    return sorted(GREETINGS)


def greet(name, language="en"):
    """A greeting for a person.

    Raises ValueError for an empty name or a language that isn't spoken.
    """
    name = " ".join(name.split())
    if not name:
        raise ValueError("nobody to greet")
    try:
        return GREETINGS[language].format(name=name)
    except KeyError:
        raise ValueError(f"no greeting in {language!r}") from None
