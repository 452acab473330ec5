#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Segments the sample dose series and says where to look; does all the set-up by itself on a fresh Debian 12.
source "$(dirname "$0")/setup.sh"
install_packages build
build release metamict
make_encoder

out=out/demo
build/release/metamict demo --output "$out" "$@"
for image in data/lfo_sto_*dpa.tif; do
  stem=$(basename "$image" .tif)
  echo
  echo "$stem, labels of the series against its truth:"
  build/release/metamict evaluate "$out/$stem/series/labels.tif" "data/${stem}_truth.png"
done
echo
cut -d, -f1-4,7,8 "$out/series.csv"
echo
echo "look at $out/series.html (the series), $out/index.html (all images) and at $out/<image>/report.html (each image)"
