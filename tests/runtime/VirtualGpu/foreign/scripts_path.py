"""Makes the modules of scripts/ known to those of this folder."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "scripts"))

import gpu_sass
