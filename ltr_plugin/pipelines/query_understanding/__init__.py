"""What a shopper means: suggestions while typing, corrected words, and a second try where nothing is found."""
