"""The review page: HTML that is rendered on the server, as pages and fragments of pages.

A page is a template that extends `base.html`; a fragment is a template whose name begins with `_`, which is
included in its page and rendered alone when htmx requests it. Pages only read: changes are sent to the JSON
routes, the same that a script would use, and then the fragments that show the change are fetched again.
"""
