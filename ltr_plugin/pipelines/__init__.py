"""What each command does, without its printing: the demo and the commands share these."""
