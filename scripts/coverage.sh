#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Prints the lines and branches of our own code that the tests reach, file by file (the least covered last) and in all.
source "$(dirname "$0")/setup.sh"
install_packages build test
dpkg-query -W gcovr >/dev/null 2>&1 || as_root apt-get install -y -qq --no-install-recommends gcovr >/dev/null
build coverage all
make_encoder
find build/coverage -name '*.gcda' -delete
OPENBLAS_NUM_THREADS=1 ctest --preset coverage -j "$(nproc)" || echo "some tests failed: the figures may be too low"
counts=build/coverage/coverage.json
gcovr --root . --filter src/ --filter include/ --exclude-throw-branches --exclude-unreachable-branches -j "$(nproc)" --json "$counts" build/coverage
gcovr --root . --add-tracefile "$counts" --sort-percentage
gcovr --root . --add-tracefile "$counts" --branches | tail -3
