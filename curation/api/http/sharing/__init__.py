"""Sharing the service among clients: nobody's requests keep those of others waiting."""
