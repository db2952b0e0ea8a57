"""Makes `sample/west-yorkshire/`: one real month of street crime that West Yorkshire Police published on data.police.uk.

Usage: python3 west_yorkshire.py DOWNLOAD_FOLDER

The file is the one in the PyPI wheel `crime-sim-toolkit`, byte for byte, in a gzip without time or name.
"""

import gzip
import sys
from pathlib import Path

from packages import DATA, wheel
from provenance import record

VERSION = "1.5.0"
MONTH = "2018-07"
MEMBER = f"crime_sim_toolkit/tests/testing_data/test_policedata/{MONTH}/{MONTH}-west-yorkshire-street.csv"


def main() -> None:
    """Reads one member of the wheel and writes it compressed."""
    content = wheel(Path(sys.argv[1]), "crime-sim-toolkit", VERSION).read(MEMBER)
    file = DATA / f"sample/west-yorkshire/{MONTH}-west-yorkshire-street.csv.gz"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
    record(file, "PyPI crime-sim-toolkit (data.police.uk)", VERSION, "OGL-UK-3.0")


if __name__ == "__main__":
    main()
