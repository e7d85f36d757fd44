"""Events in, words for people and programs out."""
