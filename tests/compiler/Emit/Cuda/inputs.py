"""Writes two sentences' token numbers, the second one shorter, to a file."""

import sys

import numpy as np

numbers = np.random.default_rng(3).integers(1000, 30000, (2, 9))
mask = (np.arange(9)[None] < np.array([[9], [4]])).astype(np.int64)
np.savez(sys.argv[1], input_ids=numbers * mask, attention_mask=mask)
