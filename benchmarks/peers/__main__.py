"""`python -m benchmarks.peers ../shared --models DIR [--full]`, see `benchmarks.peers.compare`."""

from benchmarks.harness.report import main
from benchmarks.peers import compare

if __name__ == "__main__":
    main(compare.__doc__, compare.rows)
