"""`python -m rating`; see `rating.command`."""

import sys

from rating.command import main

if __name__ == "__main__":
    sys.exit(main())
