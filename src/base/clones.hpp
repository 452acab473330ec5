// SPDX-License-Identifier: GPL-3.0-or-later
// Compiles a plain loop for several processors. The loader picks the version that runs when it
// loads the library. ThreadSanitizer is not ready by then for the code that picks. Under it there
// is one version only.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define METAMICT_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("O3")))
#else
#define METAMICT_CLONES
#endif
