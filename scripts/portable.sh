#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Packs a build into an archive that runs from any folder on any Linux with glibc 2.36 or newer: its libraries lie inside.
#
#   scripts/portable.sh BUILD OUTPUT VERSION
#
# Left out: glibc, which is the system's, and LibTorch, which encoders that are a ResNet50 do not need.
set -euo pipefail
build=$1 output=$2 version=$3
name=metamict-$version
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
DESTDIR=$stage/root cmake --install "$build" --component main --strip >/dev/null
mkdir -p "$stage/$name"
cp -r "$stage/root/usr/." "$stage/$name/"
rm -rf "$stage/$name/share/lintian"
inside=$stage/$name/lib/metamict

# Every library that the program needs, but those of glibc.
glibc='ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libresolv|libutil|libanl|libmvec'
ldd "$stage/$name/bin/metamict" "$inside"/libmetamict.so.* "$inside/metamict_hdf5" | awk '$3 ~ /^\// {print $3}' | sort -u |
  grep -vE "/($glibc)\.so" | grep -v /libmetamict | while read -r library; do cp -L "$library" "$inside/"; done
for file in "$inside"/*; do
  [ -f "$file" ] && file -b "$file" | grep -q ELF && patchelf --set-rpath '$ORIGIN' "$file"
done
patchelf --set-rpath '$ORIGIN/../lib/metamict' "$stage/$name/bin/metamict"

# A font of its own, because there may be none.
mkdir -p "$stage/$name/share/metamict/fonts"
cp /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf /usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf "$stage/$name/share/metamict/fonts/"
cat >"$stage/$name/share/metamict/fonts/fonts.conf" <<'CONF'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir prefix="relative">.</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
CONF
mkdir -p "$stage/$name/share/doc/metamict/licences"
for library in "$inside"/*.so*; do
  package=$(dpkg -S "*/$(basename "$library")" 2>/dev/null | head -1 | cut -d: -f1) || true
  [ -n "$package" ] && [ -f "/usr/share/doc/$package/copyright" ] && cp "/usr/share/doc/$package/copyright" "$stage/$name/share/doc/metamict/licences/$package"
done
cp /usr/share/doc/fonts-dejavu-core/copyright "$stage/$name/share/doc/metamict/licences/fonts-dejavu-core"
tar --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner -C "$stage" -cJf "$output/$name-linux-x86_64.tar.xz" "$name"
printf '%s: %s bytes, %s KiB unpacked, %s libraries\n' "$name-linux-x86_64.tar.xz" "$(stat -c %s "$output/$name-linux-x86_64.tar.xz")" \
  "$(du -sk "$stage/$name" | cut -f1)" "$(find "$inside" -name '*.so*' | wc -l)"
