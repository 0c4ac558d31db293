"""Processes that are asked by a line and answer by a line: the engines, and the machine itself."""

import json
import pathlib
import signal
import subprocess
import sys

WORKER = pathlib.Path(__file__).with_name("worker.py")


class Failed(Exception):
    """What a process could not do, in one line."""


class LineProcess:
    def __init__(self, command, log):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1)  # fmt: skip

    def ask(self, line):
        try:
            print(line, file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Failed(how_it_ended(self.process.wait()))
        return json.loads(answer)

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        self.process.stdout.close()


def how_it_ended(status):
    if status < 0:
        return f"the process ended by {signal.Signals(-status).name}"
    return f"the process ended with exit code {status}"


class Peer(LineProcess):
    """An engine of a case in its process; `log` takes what its libraries print."""

    def __init__(self, job, log):
        super().__init__([sys.executable, WORKER], log)
        self.name = job.peer
        print(job.to_json(), file=self.process.stdin, flush=True)

    def do(self, what, **options):
        answer = self.ask(json.dumps({"do": what, **options}))
        if "error" in answer:
            raise Failed(answer["error"])
        return answer


class Machine(LineProcess):
    """The probe of the machine's rates, in operations and bytes a second."""

    def __init__(self, build):
        super().__init__([build / "bin/bench-machine"], None)

    def rates(self, threads, kinds=()):
        """Of all kinds, unless some are named."""
        return self.ask(" ".join([str(threads), *kinds]))
