#!/usr/bin/env bash
# A study as a Slurm job array on this one machine: installs slurm-wlm where apt-get can, starts its daemons, runs the array,
# merges, and compares byte for byte with the same study in one piece. Needs root.
#
#   deploy/slurm-array.sh [FILE] [SHARDS] [PERIODS]
#
# On a cluster that is there, only the sbatch lines matter.
set -euo pipefail
cd "$(dirname "$0")/.."

file=$(realpath "${1:-scenarios/studies/quad-month.toml}")
shards=${2:-5}
periods=${3:-8192}
fabricsim=$(realpath "$(command -v "${FABRICSIM:-fabricsim}")")

skip() { echo "skipped: $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip "starting Slurm needs root"
if ! command -v slurmctld >/dev/null; then
    command -v apt-get >/dev/null || skip "slurm-wlm cannot be installed"
    apt-get install -y -qq slurm-wlm munge >/dev/null 2>&1 || skip "slurm-wlm cannot be installed"
fi

scratch=$(mktemp -d)
chmod 755 "$scratch"
cleanup() {
    [ -f "$scratch/slurmd.pid" ] && kill "$(cat "$scratch/slurmd.pid")" 2>/dev/null
    [ -f "$scratch/slurmctld.pid" ] && kill "$(cat "$scratch/slurmctld.pid")" 2>/dev/null
    rm -rf "$scratch"
}
trap cleanup EXIT

host=$(hostname -s)
cat >"$scratch/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host
AuthType=auth/munge
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd.pid
SlurmctldLogFile=$scratch/slurmctld.log
SlurmdLogFile=$scratch/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
NodeName=$host CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
mkdir -p "$scratch/state" "$scratch/spool" /run/munge
export SLURM_CONF="$scratch/slurm.conf"
chown munge: /run/munge 2>/dev/null || true
pgrep -x munged >/dev/null || su -s /bin/sh munge -c munged 2>/dev/null || munged --force 2>/dev/null || skip "munge does not start"
slurmctld || skip "slurmctld does not start"
slurmd || skip "slurmd does not start here: $(tail -1 "$scratch/slurmd.log" 2>/dev/null)"
for _ in $(seq 30); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 1; done
sinfo -h -o %T | grep -q idle || skip "the node does not become idle: $(sinfo -h -o '%T %E')"

options="--periods $periods --episodes 2 --no-sensitivity --quiet"
cat >"$scratch/array.sh" <<JOB
#!/bin/sh
exec "$fabricsim" study "$file" $options --threads 1 --out "$scratch/parts" --shard "auto/$shards"
JOB
echo "== a job array of $shards tasks, counted from 1"
sbatch --wait --array="1-$shards" --output="$scratch/task-%a.log" "$scratch/array.sh"
cat "$scratch"/task-*.log

"$fabricsim" study merge "$file" $options --json --out "$scratch/merged" "$scratch"/parts/part-*.json >"$scratch/merged.json"
"$fabricsim" study "$file" $options --json --out "$scratch/whole" >"$scratch/whole.json"
cmp "$scratch/merged.json" "$scratch/whole.json"
echo "the same bytes: $(wc -c <"$scratch/whole.json") of them"
