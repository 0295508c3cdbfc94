"""The clock that the Python peers share, and the JSON line that they print. Imported first: it sets the number of threads."""

import json
import os
import time

THREADS = os.environ.get("THREADS", "2")
for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = THREADS
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# JAX has no number of threads to set: it has as many as the process may use processors.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(THREADS)])

RESET = 200  # Steps after which a net starts from its first weights again, untimed.


def memory_mb(field="VmHWM"):
    """The most memory that this process has held, in MB, or with VmRSS what it holds now."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024


def loss_of(result):
    return result if isinstance(result, float) else float(abs(result).mean())


def report(peer, workload, make, imported_mb):
    """Times the steps that `make` makes, in WINDOWS windows of WINDOW_S seconds, and prints the line. A step returns its loss, or
    the output of a forward pass, whose loss is the mean of |output|."""
    windows, seconds = int(os.environ.get("WINDOWS", 7)), float(os.environ.get("WINDOW_S", 0.5))
    step = make()
    losses = [loss_of(step()) for _ in range(21)]

    def window(seconds, burst):
        clock, process, count = 0.0, 0.0, 0
        while clock < seconds:
            taken = 0
            while taken < RESET and clock < seconds:
                begin, begin_cpu = time.perf_counter(), time.process_time()
                for _ in range(burst):
                    step()
                clock += time.perf_counter() - begin
                process += time.process_time() - begin_cpu
                taken += burst
            count += taken
            if taken >= RESET:
                fresh()
        return clock / count, process / count

    def fresh():
        nonlocal step
        step = make()
        step()  # The first step of a new optimiser makes its state, and a compiler may run.

    fresh()
    # Bursts of some milliseconds, so that reading the clocks costs nothing.
    burst = min(RESET, max(1, int(5e-3 / window(0.2, 1)[0])))
    wall, cpu = [], []
    for _ in range(windows):
        fresh()
        for times, t in zip((wall, cpu), window(seconds, burst)):
            times.append(1e6 * t)
    print(json.dumps({
        "peer": peer, "workload": workload, "threads": int(THREADS), "us_per_step": sorted(wall)[len(wall) // 2],
        "us_best": min(wall), "cpu_us": min(cpu), "loss20": losses[20], "loss_first": losses[0],
        "peak_rss_mb": round(memory_mb(), 1), "imported_mb": round(imported_mb, 1),
    }), flush=True)
