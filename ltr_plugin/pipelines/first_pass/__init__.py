"""The first pass of an index's profile: its own query read and checked, and its scales measured."""
