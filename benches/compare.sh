#!/bin/sh
# Ours and a peer in turn, A B A B, so that a busy spell of the machine falls on both; then the ratios.
#
#   benches/compare.sh ROUNDS "PEER COMMAND" WORKLOAD...
#
# The peer's command is run with the workload's name and prints JSON lines as `steps` does. Compared is the processor time
# a step on one thread (`cpu_us`, or `us_cpu`), else the best window. THREADS, PEERS_DATA, WINDOWS and WINDOW_S reach both.
set -eu
rounds=$1 peer=$2
shift 2
cd "$(dirname "$0")/.."
cargo build --quiet --release -p wengert-benches --bin steps
ours=${CARGO_TARGET_DIR:-target}/release/steps
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
export THREADS="${THREADS:-1}"
for workload; do
    i=0
    while [ "$i" -lt "$rounds" ]; do
        "$ours" "$workload" >>"$lines"
        # Unquoted: a command and its arguments.
        $peer "$workload" | grep '^{' >>"$lines"
        i=$((i + 1))
    done
done
python3 - "$lines" "$THREADS" <<'END'
import json, sys
best = {}
for line in open(sys.argv[1]):
    d = json.loads(line)
    cpu = d.get("cpu_us", d.get("us_cpu"))
    us = cpu if sys.argv[2] == "1" and cpu is not None else d["us_best"]
    runs = best.setdefault(d["workload"], {})
    was = runs.get(d["peer"], (us, d["loss20"]))
    runs[d["peer"]] = (min(was[0], us), d["loss20"])
for workload, runs in best.items():
    ours, loss = runs.pop("wengert")
    for peer, (us, other) in runs.items():
        agree = abs(loss - other) <= 1e-4 * abs(other) or f"LOSSES DIFFER: {loss} and {other}"
        print(f"{workload:10} wengert {ours:10.2f} us   {peer} {us:10.2f} us   {us / ours:6.2f} times ours",
              "" if agree is True else agree)
END
