"""What a greeting is."""

import unittest

from greeter import greet, languages


class GreetingTests(unittest.TestCase):
    """How people are greeted."""

    def test_greets_in_english_unless_told_otherwise(self):
        """English is the default."""
        self.assertEqual(greet("Ada"), "Hello, Ada!")

    def test_speaks_every_language(self):
        """Each language has its own form."""
        expected = {"de": "Guten Tag, Ada!", "en": "Hello, Ada!", "fr": "Bonjour, Ada !"}
        for language, greeting in expected.items():
            with self.subTest(language=language):
                self.assertEqual(greet("Ada", language), greeting)

    def test_white_space_around_and_within_a_name_is_tidied(self):
        """People type more spaces than they mean."""
        self.assertEqual(greet("  Ada   Lovelace "), "Hello, Ada Lovelace!")

    def test_nobody_can_not_be_greeted(self):
        """An empty name is an error."""
        for name in ["", "   "]:
            with self.subTest(name=name), self.assertRaisesRegex(ValueError, "nobody"):
                greet(name)

    def test_an_unknown_language_is_named(self):
        """The message says which language was asked for."""
        with self.assertRaisesRegex(ValueError, "'tlh'"):
            greet("Ada", "tlh")


class LanguageTests(unittest.TestCase):
    """Which languages there are."""

    def test_languages_are_sorted(self):
        """The order doesn't depend on how they were written down."""
        self.assertEqual(languages(), ["de", "en", "fr"])


if __name__ == "__main__":
    unittest.main()
