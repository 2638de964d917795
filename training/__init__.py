"""How the small networks of `curation.engines.expressions.networks` were trained; needs torch, see requirements.txt."""
