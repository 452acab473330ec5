// SPDX-License-Identifier: GPL-3.0-or-later
// Under gcov a process that ends by _Exit loses its counts: linked with --wrap=_Exit, it writes them first. A fork does
// it, because whoever started the process may kill it as soon as its answer is there, and half a file of counts is none.
// Not itself compiled for gcov, whose own fork() empties the counts.
#include <unistd.h>

void __gcov_dump(void);
__attribute__((noreturn)) void __real__Exit(int code);
__attribute__((noreturn)) void __wrap__Exit(int code);

void __wrap__Exit(int code) {
  if (fork() <= 0) __gcov_dump();
  __real__Exit(code);
}
