"""Barriers: a boom behind relays and limit switches."""
