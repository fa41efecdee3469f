"""What callers and workers agree on: the messages, and a folder as the queue where there is no broker."""
