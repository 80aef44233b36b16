#!/usr/bin/env bash
# The Kubernetes manifest against the published schema of its kind, by kubernetes-validate (PyPI), unknown fields refused;
# and a manifest with a wrong field, which must not pass.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if ! python3 -m venv "$scratch/venv" 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get install --yes --quiet python3-venv >/dev/null 2>&1 || true
    fi
    python3 -m venv "$scratch/venv" 2>/dev/null || { echo "skipped: python3 cannot make a virtual environment"; exit 0; }
fi
if ! "$scratch/venv/bin/pip" install --quiet kubernetes-validate 2>"$scratch/why"; then
    echo "skipped: kubernetes-validate could not be installed: $(tail -n 1 "$scratch/why")"
    exit 0
fi

validate=("$scratch/venv/bin/kubernetes-validate" --strict)
for manifest in deploy/*.yaml; do
    "${validate[@]}" "$manifest"
done
sed 's/completionMode/completionsMode/' deploy/kubernetes-indexed-job.yaml >"$scratch/wrong.yaml"
if "${validate[@]}" "$scratch/wrong.yaml" >/dev/null 2>&1; then
    echo "a manifest with a wrong field passes: the check checks nothing"
    exit 1
fi
echo "a wrong field is refused"
