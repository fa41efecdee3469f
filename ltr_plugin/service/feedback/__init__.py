"""Feedback of shoppers: events are stored before they are answered, searches are logged behind the answers."""
