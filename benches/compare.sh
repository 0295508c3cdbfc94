#!/bin/sh
# Ours and peers in turn, A B C A B C, so that a busy spell of the machine falls on all; then a table with the ratios.
#
#   benches/compare.sh ROUNDS "PEER..." WORKLOAD...
#   PEERS_DATA=DIR benches/compare.sh 3 "hand dfdx candle" tiny mnist
#   NETS_DATA=DIR THREADS=2 PYTHON=venv/bin/python benches/compare.sh 3 "torch jax" lenet gru
#
# Peers are hand, candle and dfdx, which are built from benches/peers, and numpy, jax and torch, for which PYTHON is an
# interpreter with benches/peers/requirements.txt (python3). benches/peers/README.md says how the data are drawn. Compared is
# the best window (`us_best`), or another number of the lines: BY=cpu_us. THREADS (1), WINDOWS, WINDOW_S and LEVEL reach all.
# LINES is a file to which the lines are appended. It fails if a peer's loss after 20 steps is not ours: it did other work.
set -eu
rounds=$1 peers=$2
shift 2
cd "$(dirname "$0")/.."
export THREADS="${THREADS:-1}"
cargo build --quiet --release -p wengert-benches --bin steps --bin nets
for peer in $peers; do
    case $peer in hand | candle | dfdx)
        cargo build --quiet --release --manifest-path benches/peers/Cargo.toml --features "$peer" --bin "$peer" ;;
    esac
done
ours=${CARGO_TARGET_DIR:-target}/release
theirs=${CARGO_TARGET_DIR:-benches/peers/target}/release
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
for workload; do
    case $workload in
        linreg | seedmlp | tiny | deep | digits | mnist | wide | infer1 | infer256) set=steps ;;
        *) set=nets ;;
    esac
    i=0
    while [ "$i" -lt "$rounds" ]; do
        "$ours/$set" "$workload" >>"$lines"
        for peer in $peers; do
            case $peer in
                hand | candle | dfdx) "$theirs/$peer" "$workload" ;;
                *) "${PYTHON:-python3}" "benches/peers/$set.py" "$peer" "$workload" ;;
            esac >>"$lines"
        done
        i=$((i + 1))
    done
done
if [ -n "${LINES:-}" ]; then cat "$lines" >>"$LINES"; fi
python3 benches/table.py "${BY:-us_best}" <"$lines"
