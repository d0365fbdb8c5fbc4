"""Write the expanded template to a file: ``python -m scripts.rendering.expanded FILE``."""

import json
import sys
from pathlib import Path

from scripts.files import write_whole
from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand

if __name__ == "__main__":
    render_jobs()
    write_whole(Path(sys.argv[1]), json.dumps(expand(Options(), CodeLocation("code", "lambdas.zip")), indent=1))
