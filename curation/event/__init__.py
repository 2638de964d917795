"""An event: its catalogue, people, rules and pictures, and how a user changes them. Independent of HTTP."""
