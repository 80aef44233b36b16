#!/usr/bin/env bash
# A study in shards under GNU parallel, merged, and compared byte for byte with the same study in one piece.
#
#   deploy/gnu-parallel.sh [FILE] [SHARDS] [PERIODS]
#
# Takes fabricsim from PATH, or FABRICSIM. Installs GNU parallel where apt-get can. To use several hosts, add
# --sshloginfile to the parallel line: a part depends on nothing but its number.
set -euo pipefail
cd "$(dirname "$0")/.."

file=${1:-scenarios/studies/quad-month.toml}
shards=${2:-7}
periods=${3:-8192}
fabricsim=${FABRICSIM:-fabricsim}

if ! command -v parallel >/dev/null; then
    if ! { command -v apt-get >/dev/null && apt-get install -y -qq parallel >/dev/null 2>&1; }; then
        echo "skipped: GNU parallel is not here and cannot be installed"
        exit 0
    fi
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
study=("$fabricsim" study "$file" --periods "$periods" --episodes 2 --no-sensitivity --quiet --threads 1)

echo "== $shards shards, each a process of its own; --resume-failed repeats those that were lost"
seq "$shards" | parallel --will-cite -N0 --shuf --jobs "$(nproc)" --joblog "$scratch/joblog" \
    "${study[@]}" --out "$scratch/parts" --shard "auto/$shards"

echo "== merged in another order, and the study in one piece"
ls "$scratch"/parts/part-*.json | sort -r >"$scratch/list"
"$fabricsim" study merge "$file" --periods "$periods" --episodes 2 --no-sensitivity --quiet --json \
    --out "$scratch/merged" $(cat "$scratch/list") >"$scratch/merged.json"
"${study[@]}" --json --out "$scratch/whole" >"$scratch/whole.json"
cmp "$scratch/merged.json" "$scratch/whole.json"
echo "the same bytes: $(wc -c <"$scratch/whole.json") of them"
