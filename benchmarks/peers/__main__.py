"""`python -m benchmarks.peers ../shared --models DIR [--full]`, see `benchmarks.peers.compare`."""

from benchmarks.peers import compare
from benchmarks.report import main

if __name__ == "__main__":
    main(compare.__doc__, compare.rows)
