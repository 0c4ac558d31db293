"""From times to judgements: the ratio to the best peer, the share of the limit, and whether a case is met."""

import numpy as np
from engines import EXTRA
from few_bits import few_bits
from limits import work_of

NEAR_FIXED = 1.05  # times what it takes compiled for the case's shape
FASTER = 1.5  # than the best peer at equal precision, or:
SHARE_OF_LIMIT = {"f32": 0.88, "bf16": 0.88, "int8": 0.75}
DECODE_SHARE = 0.9
FEW_BITS_SHARE = {4: 0.6, 8: 0.85}  # of decode with weights of so many bits
# Of models so small that what a step costs beside its bytes shows: ms above the limit.
MOST_ABOVE = {"llama-12x256": 0.1}


def spread(values):
    low, median, high = (float(value) for value in np.percentile(values, [25, 50, 75]))
    return {"low": low, "median": median, "high": high}


def needed_share(case):
    if not case.is_decode or case.precision == "int8":
        return SHARE_OF_LIMIT[case.precision]
    weights = few_bits(case.form)
    return FEW_BITS_SHARE[weights.bits] if weights else DECODE_SHARE


def is_met(case, ratio, share, above=None):
    """Much faster than every peer; or near the limit, and slower than none. above: ms of Tenon's time beyond the limit."""
    if ratio is None or share is None:
        return False
    if case.architecture in MOST_ABOVE:
        return above <= MOST_ABOVE[case.architecture] and ratio >= 1
    return ratio >= FASTER or (share >= needed_share(case) and ratio >= 1)


def best_peer(engines):
    """The name of the peer with the least median, or None. One that failed in between has no part."""
    medians = {name: np.median(result["rounds_ms"]) for name, result in engines.items()
               if name not in ["tenon", *EXTRA] and "error" not in result}  # fmt: skip
    return min(medians, key=medians.get, default=None)


def judge(case, engines, limits_ms):
    """engines: each with the time of each round; limits_ms: the limit that the machine had in each round."""
    best, tenon = best_peer(engines), engines.get("tenon", {"error": "did not run"})
    for result in engines.values():
        if "error" not in result:
            result["ms"] = float(np.median(result["rounds_ms"]))
            result["gflops"] = work_of(case).all_flops / result["ms"] / 1e6
    verdict = {"best_peer": best, "limit_ms": float(np.median(limits_ms)), "ratio": None, "share": None,
               "above_ms": None}  # fmt: skip
    if "error" not in tenon:
        ours = np.array(tenon["rounds_ms"])
        fixed = engines.get("tenon-fixed", {"error": "did not run"})
        if "error" not in fixed:
            verdict["of_fixed"] = spread(ours / np.array(fixed["rounds_ms"]))
        verdict["share"] = spread(np.array(limits_ms) / ours)
        verdict["above_ms"] = spread(ours - np.array(limits_ms))
        if best:
            verdict["ratio"] = spread(np.array(engines[best]["rounds_ms"]) / ours)
    ratio, share, above = (verdict[kind] and verdict[kind]["median"] for kind in ("ratio", "share", "above_ms"))
    return verdict | {"met": is_met(case, ratio, share, above)}


def geometric_mean(cases, precision):
    """(mean, cases in it, cases there are) of the best peer's median time over ours; decode is left out."""
    cases = [case for case in cases if case["precision"] == precision and not case["past"]]
    ratios = [case["engines"][case["best_peer"]]["ms"] / case["engines"]["tenon"]["ms"]
              for case in cases if case["ratio"]]  # fmt: skip
    mean = float(np.exp(np.mean(np.log(ratios)))) if ratios else None
    return mean, len(ratios), len(cases)
