#!/usr/bin/env bash
# Is a run repeatable? Runs the quickstart twice, compares every byte of the two results, and compares them
# with the committed result in results/quickstart/.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in cut diff; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 0
    fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cargo build --locked --quiet --release
for round in first second; do
    # The same relative --out both times, so that the recorded command is the same too.
    mkdir "$scratch/$round"
    target/release/fabricsim run scenarios/quickstart.toml --quiet --out "$scratch/$round/out" >"$scratch/$round/page"
done

if ! diff -r "$scratch/first/out" "$scratch/second/out"; then
    echo "two runs with one seed wrote different bytes"
    exit 1
fi
echo "two runs, the same bytes"

# The README shows the page that the first command prints.
sed -n '/<!-- quickstart page: begin -->/,/<!-- quickstart page: end -->/p' README.md |
    sed -e '/^<!--/d' -e '/^```/d' -e '/^$/d' >"$scratch/readme"
sed '/^$/d' "$scratch/first/page" >"$scratch/page"
if ! diff "$scratch/readme" "$scratch/page"; then
    echo "the page in README.md is not what the quickstart prints"
    exit 1
fi
echo "the README shows what the quickstart prints"

committed=results/quickstart
if [ ! -d "$committed" ]; then
    echo "skipped: $committed is not there to compare with"
    exit 0
fi
if ! diff -rq "$committed" "$scratch/first/out"; then
    diff -r "$committed" "$scratch/first/out" | cut -c 1-200 | head -n 20 || true
    echo "the committed $committed is out of date: run the quickstart again and say in the commit why it moved"
    exit 1
fi
echo "the committed result is what this program writes"
