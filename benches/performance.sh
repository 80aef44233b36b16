#!/usr/bin/env bash
# The figures of docs/performance.md: instructions per packet-hop and the parts of the source that they go to, engine
# beside bare loop; then the share of the bare loop's speed that the engine reaches, and what a second thread gains.
# Instructions do not depend on the machine's load. Takes some minutes, most of them to build.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in valgrind addr2line awk; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 0
    fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cargo build --locked --quiet --profile profiling
engine=target/profiling/fabricsim
bare=$(cargo bench --locked --profile profiling --bench ceiling --no-run 2>&1 | sed -n 's/.*Executable.*(\(.*\))/\1/p')

# Runs a program and prints "address instructions" for its own code, and "hops" with the packet-hops it tells.
counted() {
    valgrind --tool=callgrind --dump-instr=yes --compress-strings=no --compress-pos=no \
        --callgrind-out-file="$scratch/callgrind" "$@" >"$scratch/summary" 2>/dev/null ||
        [ $? = 1 ] # A short run may miss the scenario's own expectations.
    awk -v program="$(basename "$1")" '
        /^ob=/ { ours = substr($0, length($0) - length(program) + 1) == program }
        /^calls=/ { getline; next } # What the called function costs is counted there.
        /^0x/ { cost[ours ? $1 : "elsewhere"] += $3 }
        END { for (address in cost) print address, cost[address] }' "$scratch/callgrind"
    sed -n 's/.*"packet_hops": \([0-9]*\).*/hops \1/p' "$scratch/summary" | head -n 1
}

# Turns addresses into "address part": the innermost file of ours that stands for a part, wherever it was inlined to.
parts() {
    addr2line --exe="$1" --addresses --inlines | awk '
        function part(file) {
            if (file ~ /src\/(engine\/|sim\/(packet_events|event)\.rs|.*ceiling\/heap\.rs)/) return "event queue"
            if (file ~ /src\/(dataplane\/(port|pace))/) return "port and wire"
            if (file ~ /src\/(dataplane\/|sim\/forwarding\.rs)/) return "arrival, table and next hop"
            if (file ~ /src\/sim\/recorder\//) return "statistics"
            if (file ~ /src\/(traffic\/|rng\.rs|.*ceiling\/arrivals\.rs)|libm-/) return "source and its draws"
            if (file ~ /src\/sim\/partition\.rs/) return "loop over events"
            if (file ~ /ceiling\/mod\.rs/) return "everything else in the bare loop"
            return ""
        }
        /^0x/ { if (address) print address, found ? found : "the rest"
                address = $1; sub(/^0x0*/, "0x", address); found = ""; next }
        !found { found = part($1) }
        END { if (address) print address, found ? found : "the rest" }'
}

# What a hop costs, by parts: two runs of different length, and their difference.
report() {
    local title=$1 program=$2
    grep -h ^0x "$scratch/short" "$scratch/long" | cut -d " " -f 1 | sort -u | parts "$program" >"$scratch/parts"
    awk -v title="$title" '
        FILENAME ~ /parts$/ { address = $1; sub(/^[^ ]* /, ""); part[address] = $0; next }
        { more[$1] += FILENAME ~ /long$/ ? $2 : -$2 }
        END {
            hops = more["hops"]; delete more["hops"]
            for (address in more) {
                sum[address in part ? part[address] : "the rest"] += more[address]; all += more[address]
            }
            printf "%s: %.0f instructions per packet-hop\n", title, all / hops
            for (name in sum) printf "%6.0f  %s\n", sum[name] / hops, name | "sort --reverse --numeric-sort"
        }' "$scratch/parts" "$scratch/short" "$scratch/long"
}

run() {
    counted "$engine" run "scenarios/benchmark/$1.toml" --set "horizon=$2 ms" --out "$scratch/out" --quiet --format json
}

for lengths in "w1-chain 2 8" "w2-fabric 1 3"; do
    read -r workload short long <<<"$lengths"
    run "$workload" "$short" >"$scratch/short"
    run "$workload" "$long" >"$scratch/long"
    report "$workload, engine" "$engine"
    counted "$bare" "$workload" 10000 >"$scratch/short"
    counted "$bare" "$workload" 40000 >"$scratch/long"
    report "$workload, bare loop" "$bare"
done

"$engine" bench --quick --quiet --out "$scratch/benchmark"
