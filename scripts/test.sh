#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds everything with sanitizers and passes every test; does all the set-up by itself on a fresh Debian 12.
source "$(dirname "$0")/setup.sh"
install_packages build test
build dev all
make_encoder
export OPENBLAS_NUM_THREADS=1
ctest --preset dev -j "$(nproc)" "$@"
