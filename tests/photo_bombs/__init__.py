"""Hostile pictures: small files that would take a decoder minutes, gigabytes, or a deep stack.

Each is made here, byte by byte, so that nothing hostile has to be kept. `all.BOMBS` names them.
"""
