#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Segments the sample dose series and says where to look; does all the set-up by itself on a fresh Debian 12.
source "$(dirname "$0")/setup.sh"
install_packages build
build release metamict
make_encoder

out=out/demo
build/release/metamict segment data/lfo_sto_*dpa.tif --output "$out" --overwrite "$@"
for image in data/lfo_sto_*dpa.tif; do
  stem=$(basename "$image" .tif)
  primary=$(sed -n 's/^ *"primary": "\(.*\)",\{0,1\}$/\1/p' "$out/$stem/report.json" | head -1)
  echo
  echo "$stem against its truth (rule $primary):"
  build/release/metamict evaluate "$out/$stem/$primary/labels.tif" "data/${stem}_truth.png"
  echo "look at $out/$stem/report.html and $out/$stem/$primary/overlay.png"
done
