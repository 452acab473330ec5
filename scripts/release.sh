#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the packages and the portable archive, and tries both where nothing else is installed. Leaves them in out/release.
#
#   scripts/release.sh [--no-roots] [--try]
#
# --no-roots: without the fresh Debian 12 and 13 (they need root and a Debian mirror). --try: only tries what was made before.
source "$(dirname "$0")/setup.sh"
roots=true make=true
for option in "$@"; do
  case $option in
    --no-roots) roots=false ;;
    --try) make=false ;;
    *) echo "unknown option $option"; exit 2 ;;
  esac
done
install_packages build torch release
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^project(metamict VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
out=$PWD/out/release
$make && rm -rf "$out"
mkdir -p "$out"

say() { printf '\n== %s\n' "$*"; }

packages() {  # FOLDER: builds the packages there
  build package all
  (cd build/package && cpack -B "$1" >"$out/cpack.log" 2>&1) || { tail -30 "$out/cpack.log"; return 1; }
  rm -rf "$1/_CPack_Packages"
}

if $make; then
say "packages of metamict $version"
packages "$out"
(cd "$out" && sha256sum ./*.deb | tee sha256sums)
say "the same packages again, from another build"
mv build/package "$out/first-build"
packages "$out/again"
(cd "$out/again" && sha256sum -c ../sha256sums)
rm -rf "$out/again" "$out/first-build"

say "lintian"
lintian --fail-on error --tag-display-limit 0 "$out"/*.deb || { echo "lintian found errors"; exit 1; }
for package in "$out"/*.deb; do
  printf '%s: %s bytes, %s KiB installed\n' "$(basename "$package")" "$(stat -c %s "$package")" "$(dpkg-deb -f "$package" Installed-Size)"
done

say "portable archive"
scripts/portable.sh build/package "$out" "$version"
fi

say "reference: the build tree's own map"
build/package/metamict segment data/lfo_sto_0p1dpa.tif --output "$out/reference" --encoder models/metamict-resnet50.pt --trust-encoder --overwrite --quiet
reference=$out/reference/lfo_sto_0p1dpa/nested/labels.tif

try() {  # WORDS COMMAND...: runs the command with RESULT as its folder, compares the label map with the reference
  local words=$1 result
  shift
  result=$(mktemp -d)
  "$@" "$result"
  build/package/metamict evaluate "$result/out/lfo_sto_0p1dpa/nested/labels.tif" "$reference" --min-ari 1 >/dev/null
  echo "$words: the same label map"
  rm -rf "$result"
}

here() {  # the archive, on this machine, from a folder with a blank in its name
  mkdir -p "$1/a b"
  tar -xf "$out/metamict-$version-linux-x86_64.tar.xz" -C "$1/a b"
  (cd / && "$1/a b/metamict-$version/bin/metamict" segment "$OLDPWD/data/lfo_sto_0p1dpa.tif" --output "$1/out" --quiet)
}
try "archive on this machine" here

within() {  # ROOT COMMAND...: runs it there, with /proc, by which a program finds its own folder
  local root=$1 status=0
  shift
  mount -t proc proc "$root/proc"
  chroot "$root" "$@" || status=$?
  umount "$root/proc"
  return $status
}

in_root() {  # SUITE KIND RESULT
  local suite=$1 kind=$2 result=$3 root
  root=$(mktemp -d)
  mmdebstrap --variant=minbase --quiet "$suite" "$root/root" >/dev/null
  cp data/lfo_sto_0p1dpa.tif "$root/root/tmp/"
  if [ "$kind" = packages ]; then
    find "$root/root" -xdev -path "$root/root/var" -prune -o -type f -print | sort >"$root/before"
    cp "$out"/metamict_*.deb "$root/root/tmp/"
    within "$root/root" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends /tmp/metamict_*.deb >/dev/null 2>&1'
    within "$root/root" metamict segment /tmp/lfo_sto_0p1dpa.tif --output /tmp/out --quiet
    within "$root/root" metamict demo --output /tmp/demo --quiet
    within "$root/root" sh -c 'apt-get purge -y -qq metamict >/dev/null 2>&1; find / -xdev -name "*metamict*" -not -path "/tmp/*" -not -path "/var/*" -not -path "/proc/*"' >"$root/left"
    [ ! -s "$root/left" ] || { echo "left behind:"; cat "$root/left"; exit 1; }
  else
    tar -xf "$out/metamict-$version-linux-x86_64.tar.xz" -C "$root/root/opt"
    within "$root/root" "/opt/metamict-$version/bin/metamict" segment /tmp/lfo_sto_0p1dpa.tif --output /tmp/out --quiet
  fi
  cp -r "$root/root/tmp/out" "$result/"
  rm -rf --one-file-system "$root"
}
if $roots; then
  try "packages on a fresh Debian 12, purged without a trace" in_root bookworm packages
  try "archive on a fresh Debian 12" in_root bookworm archive
  try "archive on a fresh Debian 13" in_root trixie archive
fi
rm -rf "$out/reference"
say "done: $out"
ls -l "$out"
