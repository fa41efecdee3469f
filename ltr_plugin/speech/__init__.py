"""Speech turned into words (extra `voice`): `models` finds the weights, `recognizer` hears."""
