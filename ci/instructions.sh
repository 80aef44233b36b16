#!/usr/bin/env bash
# Has a packet-hop become dearer? Counts the instructions of W1 and W2 with callgrind in two runs of different length;
# their difference, divided by the hops between them, is what one hop costs without start and end of a run. Counts do
# not depend on the machine's load. Fails when a workload needs over 10% more than ci/instructions.txt says.
#
#   ci/instructions.sh            compare
#   ci/instructions.sh --update   write the counts into ci/instructions.txt
set -euo pipefail
cd "$(dirname "$0")/.."

kept=ci/instructions.txt
allowed_percent=10

if ! command -v valgrind >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get install --yes --quiet valgrind >/dev/null 2>&1 || true
    fi
    if ! command -v valgrind >/dev/null; then
        echo "skipped: valgrind is not installed and could not be installed"
        exit 0
    fi
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cargo build --locked --quiet --release

# Prints "instructions packet-hops" of a run of one workload.
counted_run() {
    local workload=$1 horizon=$2
    valgrind --tool=callgrind --callgrind-out-file="$scratch/callgrind" \
        target/release/fabricsim run "scenarios/benchmark/$workload.toml" --set "horizon=$horizon" \
        --out "$scratch/out" --quiet --format json >"$scratch/summary" 2>"$scratch/log" ||
        [ $? = 1 ] # A short run may miss the scenario's own expectations.
    local instructions hops
    instructions=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$scratch/log")
    hops=$(sed -n 's/.*"packet_hops": \([0-9]*\).*/\1/p' "$scratch/summary" | head -n 1)
    if [ -z "$instructions" ] || [ -z "$hops" ]; then
        cat "$scratch/log" >&2
        return 1
    fi
    echo "$instructions $hops"
}

failed=0
: >"$scratch/counts"
for lengths in "w1-chain 2ms 8ms" "w2-fabric 1ms 3ms"; do
    read -r workload short long <<<"$lengths"
    read -r short_instructions short_hops < <(counted_run "$workload" "${short%ms} ms")
    read -r long_instructions long_hops < <(counted_run "$workload" "${long%ms} ms")
    hops=$((long_hops - short_hops))
    now=$(((long_instructions - short_instructions + hops / 2) / hops))
    echo "$workload $now" >>"$scratch/counts"
    before=$(sed -n "s/^$workload \([0-9]*\)$/\1/p" "$kept" 2>/dev/null || true)
    if [ -z "$before" ]; then
        echo "$workload: $now instructions per packet-hop; $kept has nothing to compare with"
    elif [ $((now * 100)) -gt $((before * (100 + allowed_percent))) ]; then
        echo "$workload: $now instructions per packet-hop, over $allowed_percent% more than the $before in $kept"
        failed=1
    else
        echo "$workload: $now instructions per packet-hop ($before in $kept)"
    fi
done

if [ "${1:-}" = --update ]; then
    cp "$scratch/counts" "$kept"
    echo "$kept is written"
elif [ $failed = 1 ]; then
    echo "find the cause, or accept the cost with ci/instructions.sh --update and say in the commit what it buys"
    exit 1
fi
