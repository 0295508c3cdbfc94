"""Tables of the lines that `compare.sh` collects: the least of a number that they hold (`us_best`, `cpu_us`, …), in microseconds a step.

    python3 benches/table.py us_best <LINES               # a line for each workload and peer
    python3 benches/table.py us_best markdown <LINES      # tables as those of benches/README.md

It fails if a loss after 20 steps is not ours.
"""

import json
import sys

by, markdown = sys.argv[1], sys.argv[2:] == ["markdown"]
best = {}
for line in sys.stdin:
    run = json.loads(line)
    runs = best.setdefault((run["threads"], run["workload"]), {})
    peer = run["peer"]
    runs[peer] = min(runs.get(peer, run), run, key=lambda run: run[by])

differ = False
for (threads, workload), runs in best.items():
    # Adam blows rounding up where the loss falls a thousandfold.
    tolerance = 1e-3 if workload in ("mnist", "mnistcnn") else 1e-4
    ours = runs["wengert"]
    for peer, run in runs.items():
        loss, known = run["loss20"], ours["loss20"]
        off = abs(loss - known) > tolerance * abs(known)
        differ |= off
        note = f"ANOTHER LOSS: {loss}, not {known}" if off else ""
        imported = f" ({run['imported_mb']:.0f} imported)" if "imported_mb" in run else ""
        times = run[by] / ours[by]
        if note or not markdown:
            print(f"{workload:15} {threads} threads {peer:10} {run[by]:12.2f} us {times:7.2f} times ours",
                  f"{run['peak_rss_mb']:6.0f} MB{imported}", note)


def figure(us):
    return f"{us:.2f}" if us < 10 else f"{us:.1f}" if us < 100 else f"{us:,.0f}"


for threads in sorted({threads for threads, _ in best} if markdown else []):
    workloads = [workload for of, workload in best if of == threads]
    peers = dict.fromkeys(peer for workload in workloads for peer in best[threads, workload])
    print(f"\n| {threads} thread{'s' * (threads > 1)} | {' | '.join(workloads)} |\n|---{'|---' * len(workloads)}|")
    for peer in peers:
        runs = [best[threads, workload].get(peer) for workload in workloads]
        print(f"| {peer} | {' | '.join(figure(run[by]) if run else '' for run in runs)} |")
    leads = []
    for workload in workloads:
        ours, others = best[threads, workload]["wengert"], best[threads, workload]
        frameworks = [run[by] for peer, run in others.items() if peer not in ("wengert", "hand")]
        leads.append(f"{min(frameworks) / ours[by]:.2f}" if frameworks else "")
    print(f"| times the best framework needs | {' | '.join(leads)} |")
    for peer in [peer for peer in ("wengert", "torch") if peer in peers]:
        held = [best[threads, workload].get(peer) for workload in workloads]
        print(f"| MB, {peer} | {' | '.join(figure(run['peak_rss_mb']) if run else '' for run in held)} |")
sys.exit("losses differ" if differ else 0)
