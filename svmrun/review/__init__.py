"""Judges of runbooks for people who edit and review them. Pure."""
