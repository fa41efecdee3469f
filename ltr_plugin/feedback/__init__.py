"""What shoppers do with search results, as User Behavior Insights (UBI 1.3) writes it, and what of it is stored.

`events` has the records, `reading` reads them from the body of a request, and `privacy` says what is stored of them.
"""
