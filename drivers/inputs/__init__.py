"""Dry contacts: loop detectors, photocells, buttons, the fire panel."""
