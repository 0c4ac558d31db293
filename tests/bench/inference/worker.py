"""One engine in a process of its own: it obeys lines of JSON, and answers each with one.

usage: worker.py < commands

The first line is the job. Then: {"do": "load"}, {"do": "run", "count": N},
{"do": "output", "path": FILE.npy}, {"do": "memory"}. An answer with "error" is the last one.
"""

import dataclasses
import json
import os
import pathlib
import re
import sys
import time

import numpy as np
from cases import Case
from engines import ENGINES


@dataclasses.dataclass
class Job:
    peer: str
    case: Case
    model: pathlib.Path  # the ONNX file
    feeds: pathlib.Path  # the inputs, as .npz
    build: pathlib.Path  # where Tenon was built
    folder: pathlib.Path  # for what is made for this run of the suite
    cache: pathlib.Path  # for what later ones may use
    safetensors: pathlib.Path | None  # the folder of real weights

    def to_json(self):
        fields = {name: value and str(value) for name, value in vars(self).items()}
        return json.dumps(fields | {"case": dataclasses.asdict(self.case)})

    @classmethod
    def from_json(cls, line):
        fields = json.loads(line)
        case, peer = Case(**fields.pop("case")), fields.pop("peer")
        return cls(peer, case, **{name: value and pathlib.Path(value) for name, value in fields.items()})


def resident_mb(kind):
    """VmRSS: now, VmHWM: at most so far."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(rf"{kind}:\s*(\d+) kB", status)[1]) / 1024


class Worker:
    def __init__(self, job):
        self.empty_mb = resident_mb("VmRSS")
        with np.load(job.feeds) as feeds:
            self.engine = ENGINES[job.peer](job, dict(feeds))

    def load(self):
        """The first run belongs to loading: some do then what others did before."""
        self.engine.compile()
        start = time.perf_counter()
        self.engine.open()
        self.engine.run()
        load_ms = (time.perf_counter() - start) * 1e3
        self.run(1)
        return {"load_ms": load_ms, "compile_s": self.engine.compile_s, "once_ms": self.run(1)["ms"][0],
                "note": self.engine.note}  # fmt: skip

    def run(self, count):
        """One run that is not timed brings the caches back from the other processes."""
        times = []
        for _ in range(count + 1):
            start = time.perf_counter()
            self.engine.run()
            times.append((time.perf_counter() - start) * 1e3)
        return {"ms": times[1:]}

    def output(self, path):
        np.save(path, np.asarray(self.engine.output(), np.float32))
        return {}

    def memory(self):
        return {"peak_mb": resident_mb("VmHWM"), "empty_mb": self.empty_mb}


def first_line(error):
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]


def main():
    # Libraries print to standard output; the answers have it for themselves.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(Job.from_json(sys.stdin.readline()))
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(worker, command.pop("do"))(**command)
        except Exception as error:  # of any library
            answer = {"error": first_line(error)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
