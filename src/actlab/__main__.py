"""``python -m actlab`` is ``actlab``."""

import sys

from actlab.cli.app import main

sys.exit(main())
