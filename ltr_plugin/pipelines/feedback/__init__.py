"""Feedback of shoppers: events and searches recorded, and what is known from them."""
