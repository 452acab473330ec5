#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What demo.sh and test.sh share: packages, build, encoder. Sourced, not run. Quiet when nothing needs doing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# install_packages KIND...: the packages of scripts/packages.txt of these kinds, where they are missing.
install_packages() {
  local kind package missing=()
  for kind in "$@"; do
    for package in $(sed -n "s/^$kind: //p" scripts/packages.txt); do
      dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
  done
  [ ${#missing[@]} = 0 ] && return
  echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET TARGET...: configures once, builds what changed.
build() {
  local preset=$1
  shift
  export CCACHE_SLOPPINESS=pch_defines,time_macros
  [ -f "build/$preset/build.ninja" ] || { echo "Configuring build/$preset"; cmake --preset "$preset" >"build-$preset.log" 2>&1 || { cat "build-$preset.log"; return 1; }; rm -f "build-$preset.log"; }
  cmake --build --preset "$preset" --target "$@"  # shows [123/172]
}

# make_encoder: a stand-in with seeded weights where no trained encoder ships (its report says plainly what it is).
make_encoder() {
  [ -f models/metamict-resnet50.pt ] && return
  [ -f models/untrained/metamict-untrained-resnet50.pt ] && return
  install_packages train
  echo "No trained encoder in models/: making a seeded, untrained ResNet50 in models/untrained"
  /usr/bin/python3 scripts/make_untrained_encoder.py models/untrained
}
