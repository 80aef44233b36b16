#!/usr/bin/env bash
# A study under GNU parallel, byte for byte the study in one piece; and one that is killed goes on where it was.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --locked --quiet --release
FABRICSIM=$PWD/target/release/fabricsim
export FABRICSIM
deploy/gnu-parallel.sh scenarios/studies/quad-month.toml 7 16384

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
study=("$FABRICSIM" study scenarios/studies/quad-month.toml --periods 4194304 --set "study.precision=0.1%" --episodes 0 --no-sensitivity)
echo "== killed on the way, and taken up again"
"${study[@]}" --quiet --json --out "$scratch/whole" >"$scratch/whole.json"
"${study[@]}" --quiet --json --out "$scratch/killed" >/dev/null &
pid=$!
for _ in $(seq 600); do [ -s "$scratch/killed/study.progress.json" ] && break; sleep 0.05; done
kill -9 "$pid" 2>/dev/null || echo "(it was faster than the kill)"
wait "$pid" 2>/dev/null || true
"${study[@]}" --json --out "$scratch/killed" >"$scratch/again.json" 2>"$scratch/notes"
grep -h "goes on after" "$scratch/notes" | sed "s|$scratch/||" || true
cmp "$scratch/whole.json" "$scratch/again.json"
echo "the same bytes"
