"""Times runners in turns in one process: each round lasts a turn of each, every second one goes backwards."""

import time

import numpy as np

from bench import time_runs

TURN_MS = 20  # what a turn's timed runs take about
MOST_RUNS = 500  # in a turn
FEWEST_ROUNDS, MOST_ROUNDS = 3, 25
PAUSE_SECONDS = 1e-3  # the threads of who had the last turn go to sleep


def turn(runner, count):
    """The median of `count` runs, in ms. What runs once alone brings its own data into the caches."""
    time.sleep(PAUSE_SECONDS)
    return time_runs(runner.run, count) if count > 1 else once(runner)


def once(runner):
    start = time.perf_counter()
    runner.run()
    return (time.perf_counter() - start) * 1e3


def plan_rounds(once_ms, seconds, is_cold=False):
    """How many rounds, and how many runs a turn of each; once_ms: what a run takes, by name."""
    most = 1 if is_cold else MOST_RUNS
    counts = {name: int(np.clip(round(TURN_MS / ms), 1, most)) for name, ms in once_ms.items()}
    round_seconds = sum(once_ms[name] * (count + 1) for name, count in counts.items()) / 1e3
    rounds = seconds / max(round_seconds, 1e-3)
    return int(np.clip(rounds, FEWEST_ROUNDS, MOST_ROUNDS)), counts


def take_turns(runners, probe, seconds, is_cold=False):
    """The times of each round by name, in ms, and what `probe` said before each.

    is_cold: a turn is one run, which finds in no cache what it reads, since the probe has read more in between.
    """
    num_rounds, counts = plan_rounds({name: once(runner) for name, runner in runners.items()}, seconds, is_cold)
    times, probed = {name: [] for name in runners}, []
    for number in range(num_rounds):
        probed.append(probe())
        names = list(runners)
        for name in names if number % 2 == 0 else names[::-1]:
            times[name].append(turn(runners[name], counts[name]))
    return times, probed
