#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Submits an array of TASKS that segments the images of MANIFEST into OUTPUT, and a job that gathers their records.
#
#   scripts/cluster/submit.sh MANIFEST OUTPUT TASKS [OPTION of segment]...
#
# SBATCH_OPTIONS holds what your cluster wants beside it: SBATCH_OPTIONS="--partition=cpu --account=em". METAMICT is the program.
# METAMICT_CPUS is the number of cores a task (4). Memory and time come from the program's own forecast: the largest image, and the sum
# of all over the tasks, twice for safety.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2; }
manifest=$(realpath "$1") output=$2 tasks=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
program=${METAMICT:-metamict}
cpus=${METAMICT_CPUS:-4}
mkdir -p "$output/logs"
output=$(realpath "$output")

forecast=$("$program" segment --manifest "$manifest" --output "$output" --dry-run --json --threads "$cpus" "$@") || true
read -r mebibytes minutes <<<"$(python3 -c '
import json, math, sys
images, tasks = json.load(sys.stdin), int(sys.argv[1])
memory = max((image["predicted_memory_bytes"] for image in images), default=0)
seconds = max(sum(image["predicted_seconds"] for image in images) / tasks, max((image["predicted_seconds"] for image in images), default=0))
print(math.ceil(1.3 * memory / 2**20) + 256, max(5, math.ceil(2 * seconds / 60) + 2))' "$tasks" <<<"$forecast")"
echo "a task: $cpus cores, $mebibytes MiB, $minutes minutes"

# shellcheck disable=SC2086  # words on purpose
array=$(sbatch --parsable ${SBATCH_OPTIONS:-} --array="1-$tasks" --cpus-per-task="$cpus" --mem="${mebibytes}M" --time="$minutes" \
  --output="$output/logs/task-%a.log" "$here/segment.sbatch" "$manifest" "$output" --threads "$cpus" "$@")
# shellcheck disable=SC2086
gather=$(sbatch --parsable ${SBATCH_OPTIONS:-} --dependency="afterany:$array" --output="$output/logs/gather.log" "$here/gather.sbatch" "$manifest" "$output")
echo "array job $array, gathered by job $gather; logs in $output/logs"
