"""What merchandisers work with: rankers compared, places explained, rules tried before they are kept, and grades."""
