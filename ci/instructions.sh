#!/usr/bin/env bash
# Has a packet-hop become dearer? Counts the instructions of W1 and W2 with callgrind in two runs of different length;
# their difference, divided by the hops between them, is what one hop costs without start and end of a run. Counts do
# not depend on the machine's load. Fails when a workload needs over 10% more than ci/instructions.txt says.
#
# W1 is counted again with MACsec on its seven links between routers, and with two classes of packets at all its ports: what
# these cost where they are used. Where they are not, they cost what W1 itself may grow.
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

# The keys, as --set takes them, that make a row of its scenario.
keys_of() {
    local link
    case $1 in
    w1-chain-macsec)
        for link in 1 2 3 4 5 6 7; do
            echo "links.l$link.macsec.suite=GCM-AES-XPN-256"
        done
        ;;
    w1-chain-classes)
        echo "queueing.two.classes.first={ scheduler = \"strict\", priority = 1, code_points = [\"EF\"] }"
        echo "queueing.two.classes.rest={}"
        for link in links.l{1,2,3,4,5,6,7} attachments.{host,sink}; do
            echo "$link.queueing=two"
        done
        ;;
    esac
}

# Prints "instructions packet-hops" of a run of one row.
counted_run() {
    local row=$1 scenario=$2 horizon=$3 key
    local set=(--set "horizon=$horizon")
    while read -r key; do
        set+=(--set "$key")
    done < <(keys_of "$row")
    valgrind --tool=callgrind --callgrind-out-file="$scratch/callgrind" \
        target/release/fabricsim run "scenarios/benchmark/$scenario.toml" "${set[@]}" \
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
for lengths in "w1-chain w1-chain 2 8" "w1-chain-macsec w1-chain 2 8" "w1-chain-classes w1-chain 2 8" "w2-fabric w2-fabric 1 3"; do
    read -r workload scenario short long <<<"$lengths"
    read -r short_instructions short_hops < <(counted_run "$workload" "$scenario" "$short ms")
    read -r long_instructions long_hops < <(counted_run "$workload" "$scenario" "$long ms")
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
