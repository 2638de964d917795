"""The review page: HTML made on the server, in pages and fragments of them.

A page is a template that extends `base.html`; a fragment is a template whose name begins with `_`, included
by its page and rendered alone where htmx asks for it. Pages only read: whatever changes something is sent to
the JSON routes, the same that a script would use, and the fragments that show it are asked for again.
"""
