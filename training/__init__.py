"""How the small networks of `curation.engines.expressions` were trained; needs torch, see requirements.txt."""
