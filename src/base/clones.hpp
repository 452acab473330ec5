// SPDX-License-Identifier: GPL-3.0-or-later
// Plain loops compiled for several processors; which version runs is settled when the library is loaded. That is before
// ThreadSanitizer is ready for the code that settles it: with it there is one version.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define METAMICT_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("O3")))
#else
#define METAMICT_CLONES
#endif
