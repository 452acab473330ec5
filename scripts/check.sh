#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a reviewer would otherwise have to say: format, clang-tidy, cppcheck, help texts that drifted. --fix formats and rewrites the help.
source "$(dirname "$0")/setup.sh"
files=$(git ls-files '*.cpp' '*.hpp')
failed=0
if [ "${1:-}" = --fix ]; then
  clang-format -i $files
  build/release/metamict --help-all >docs/help.txt
  exit
fi
clang-format --dry-run --Werror $files || failed=1
build release metamict
diff -u docs/help.txt <(build/release/metamict --help-all) || { echo "docs/help.txt has drifted: scripts/check.sh --fix"; failed=1; }
cppcheck --quiet --enable=warning,performance,portability --inline-suppr --suppress=missingIncludeSystem --error-exitcode=1 -I include -I src src || failed=1
if [ "${1:-}" = --tidy ]; then build tidy metamict || failed=1; fi
exit $failed
