"""Plate engines, each replaceable: a picture goes in, `PlateReading` values come out."""
