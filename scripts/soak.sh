#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The long form of every reliability claim (docs/reliability.md), over what users run. Hours; any part alone by its name:
#   scripts/soak.sh [kill|faults|signals|security|load|real|same|isa|fuzz]...      METAMICT_SEED=n gives other random points
#   METAMICT_FUZZ_SECONDS=600 for each fuzz target, METAMICT_FUZZ_TARGETS="dm ser" for some of them; the corpora are kept in build/corpus.
source "$(dirname "$0")/setup.sh"
parts=${*:-kill faults signals security load real same isa fuzz}
[ "$parts" = fuzz ] || build soak metamict metamict_fake metamict_faults metamict_torch
make_encoder
export METAMICT=$PWD/build/soak/metamict METAMICT_SOURCE_DIR=$PWD METAMICT_SOAK=1 OPENBLAS_NUM_THREADS=1
python=/usr/bin/python3
failed=0

run() { echo "== $1 $(date +%H:%M)"; shift; "$@" || failed=1; }

fuzz() {
  local seconds=${METAMICT_FUZZ_SECONDS:-60} target
  build fuzz fuzz_targets
  $python tests/fuzz/make_corpus.py build/corpus/seeds --fuzz
  for target in ${METAMICT_FUZZ_TARGETS:-$(ls build/corpus/seeds)}; do
    mkdir -p "build/corpus/$target"
    # The fuzzer's own alarm can wait for ever for a lock of the sanitizer's: seen on a machine too busy for -timeout.
    run "fuzz_$target, $seconds s" timeout --kill-after=10 $((seconds + 120)) \
      "build/fuzz/fuzz_$target" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=30 -print_final_stats=1 \
      -artifact_prefix="build/corpus/$target-" "build/corpus/$target" "build/corpus/seeds/$target"
  done
}

for part in $parts; do
  case $part in
    kill) run "killed and resumed" $python tests/scripts/test_kill.py ;;
    faults) run "failing calls, disks, allocations" $python tests/scripts/test_faults.py ;;
    signals) run "signals" $python tests/scripts/test_signals.py ;;
    security) run "names, links, models" $python tests/scripts/test_security.py; run "size bombs" $python tests/scripts/test_bombs.py ;;
    load) run "memory over many images" $python scripts/soak_memory.py fake ;;
    real) run "memory with the real encoder" $python scripts/soak_memory.py real ;;
    same) run "ten times the same bytes" $python tests/scripts/test_determinism.py ;;
    isa) run "other instruction sets" $python scripts/soak_memory.py isa ;;
    fuzz) fuzz ;;
    *) echo "no part is called $part" >&2; exit 2 ;;
  esac
done
exit $failed
