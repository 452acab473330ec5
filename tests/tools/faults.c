// SPDX-License-Identifier: GPL-3.0-or-later
// LD_PRELOAD: makes the n-th call of one kind fail, and says which file it was about.
//   FAULT_CALL=write FAULT_AT=17 FAULT_ERRNO=28 FAULT_LOG=/tmp/log   n-th from 1; 0 = count only
//   FAULT_UNDER=/tmp/run   only calls on files below this folder count (all where it is not set)
// At the end FAULT_LOG holds "count N" and, when a call failed, "failed PATH" before it.
// FAULT_LAST=m makes m calls in a row fail (default 1).
// FAULT_CALL=malloc makes allocations fail: all of them, or with FAULT_FROM=libigraph only those that code of that library asks
// for. Beside AddressSanitizer operator new is not among them. A process that then ends by a signal leaves "crashed LIBRARY SYMBOL
// OFFSET" lines, one a frame; with FAULT_TRACE=1 the frames of the failed allocation stand there too, as "at ...".
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static long fault_at, fault_span = 1;
static int fault_errno = EIO;
static const char *fault_call = "", *fault_log, *fault_under, *fault_from;
static atomic_int ready;

static void note(const char* kind, const char* text) {
  if (!fault_log) return;
  char line[4200];
  const int length = snprintf(line, sizeof line, "%s %s\n", kind, text);
  const int log = (int)syscall(SYS_openat, AT_FDCWD, fault_log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (log < 0) return;
  syscall(SYS_write, log, line, (size_t)length);
  syscall(SYS_close, log);
}

#ifdef FAULTS_IN_MALLOC
static int trace;

// Where it was: one line a frame, "library symbol offset", innermost first.
static void note_frames(const char* kind) {
  void* frames[48];
  const int count = backtrace(frames, 48);
  for (int i = 1; i < count; ++i) {
    Dl_info where;
    char text[1000];
    if (!dladdr(frames[i], &where) || !where.dli_fname || strstr(where.dli_fname, "metamict_faults")) continue;
    const char* name = strrchr(where.dli_fname, '/');
    snprintf(text, sizeof text, "%s %.700s %#lx", name ? name + 1 : where.dli_fname, where.dli_sname ? where.dli_sname : "?",
             (long)((char*)frames[i] - (char*)where.dli_fbase));
    note(kind, text);
  }
}

static void on_crash(int number) {
  note_frames("crashed");
  signal(number, SIG_DFL);
  raise(number);
}
#endif

__attribute__((constructor)) static void start(void) {
#ifdef FAULTS_IN_MALLOC
  void* frame;
  backtrace(&frame, 1);  // its first call allocates
  signal(SIGSEGV, on_crash);
  signal(SIGABRT, on_crash);
  trace = getenv("FAULT_TRACE") != NULL;
#endif
  if (getenv("FAULT_CALL")) fault_call = getenv("FAULT_CALL");
  if (getenv("FAULT_AT")) fault_at = atol(getenv("FAULT_AT"));
  if (getenv("FAULT_LAST")) fault_span = atol(getenv("FAULT_LAST"));
  if (getenv("FAULT_ERRNO")) fault_errno = atoi(getenv("FAULT_ERRNO"));
  fault_log = getenv("FAULT_LOG");
  fault_under = getenv("FAULT_UNDER");
  fault_from = getenv("FAULT_FROM");
  unsetenv("LD_PRELOAD");  // a child process is not the one under test
  ready = 1;
}

__attribute__((destructor)) static void finish(void) {
  char text[32];
  snprintf(text, sizeof text, "%ld", (long)calls);
  note("count", text);
}

static int fails(const char* call, const char* path) {
  if (!ready || strcmp(call, fault_call) != 0) return 0;
  if (fault_under && (!path || strncmp(path, fault_under, strlen(fault_under)) != 0)) return 0;
  const long now = ++calls;
  if (now < fault_at || now >= fault_at + fault_span || fault_at == 0) return 0;
  note("failed", path ? path : "?");
  errno = fault_errno;
  return 1;
}

static int fails_on(const char* call, int descriptor) {
  if (!ready || strcmp(call, fault_call) != 0) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = syscall(SYS_readlink, link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  if (strcmp(call, "close") == 0 && fails(call, path)) {
    syscall(SYS_close, descriptor);  // as Linux does it: closed whatever it answers
    return 1;
  }
  return strcmp(call, "close") == 0 ? 0 : fails(call, path);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define MODE(flags) va_list rest; va_start(rest, flags); const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; va_end(rest)

int open(const char* path, int flags, ...) { MODE(flags); REAL(open); return fails("open", path) ? -1 : real(path, flags, mode); }
int open64(const char* path, int flags, ...) { MODE(flags); REAL(open64); return fails("open", path) ? -1 : real(path, flags, mode); }
FILE* fopen(const char* path, const char* mode) { REAL(fopen); return fails("open", path) ? NULL : real(path, mode); }
FILE* fopen64(const char* path, const char* mode) { REAL(fopen64); return fails("open", path) ? NULL : real(path, mode); }
DIR* opendir(const char* path) { REAL(opendir); return fails("open", path) ? NULL : real(path); }
ssize_t read(int file, void* to, size_t count) { REAL(read); return fails_on("read", file) ? -1 : real(file, to, count); }
ssize_t pread(int file, void* to, size_t count, off_t at) { REAL(pread); return fails_on("read", file) ? -1 : real(file, to, count, at); }
ssize_t pread64(int file, void* to, size_t count, off64_t at) { REAL(pread64); return fails_on("read", file) ? -1 : real(file, to, count, at); }
ssize_t write(int file, const void* from, size_t count) { REAL(write); return fails_on("write", file) ? -1 : real(file, from, count); }
ssize_t writev(int file, const struct iovec* parts, int count) { REAL(writev); return fails_on("write", file) ? -1 : real(file, parts, count); }
int fsync(int file) { REAL(fsync); return fails_on("fsync", file) ? -1 : real(file); }
int close(int file) { REAL(close); return fails_on("close", file) ? -1 : real(file); }
int rename(const char* from, const char* to) { REAL(rename); return fails("rename", to) ? -1 : real(from, to); }
int mkdir(const char* path, mode_t mode) { REAL(mkdir); return fails("mkdir", path) ? -1 : real(path, mode); }
int unlink(const char* path) { REAL(unlink); return fails("unlink", path) ? -1 : real(path); }
void* mmap(void* at, size_t length, int protection, int flags, int file, off_t offset) {
  REAL(mmap);
  return fails_on("mmap", file) ? MAP_FAILED : real(at, length, protection, flags, file, offset);
}

#ifdef FAULTS_IN_MALLOC
// The C library's own are called by their other names, because looking them up would allocate.
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);
#define NEXT_MALLOC __libc_malloc
#define NEXT_CALLOC __libc_calloc
#define NEXT_REALLOC __libc_realloc
#define NEXT_MEMALIGN __libc_memalign
#else
// The sanitizer's runtime has these names itself, and must keep the books. What is asked for while it is being looked up comes
// from a small store of our own.
static void *(*next_malloc)(size_t), *(*next_calloc)(size_t, size_t), *(*next_realloc)(void*, size_t), *(*next_memalign)(size_t, size_t);
static void (*next_free)(void*);
static char store[1 << 16];
static size_t stored;
static void* from_store(size_t bytes) {
  void* at = store + stored;
  stored += (bytes + 15) / 16 * 16;
  if (stored > sizeof store) abort();
  return at;
}
static int found(void) {
  static int looking;
  if (next_free) return 1;
  if (looking) return 0;
  looking = 1;
  next_malloc = (void* (*)(size_t))dlsym(RTLD_NEXT, "malloc");
  next_calloc = (void* (*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
  next_realloc = (void* (*)(void*, size_t))dlsym(RTLD_NEXT, "realloc");
  next_memalign = (void* (*)(size_t, size_t))dlsym(RTLD_NEXT, "memalign");
  next_free = (void (*)(void*))dlsym(RTLD_NEXT, "free");
  return 1;
}
void free(void* memory) {
  if ((char*)memory >= store && (char*)memory < store + sizeof store) return;
  if (memory && found()) next_free(memory);
}
#define NEXT_MALLOC(bytes) (found() ? next_malloc(bytes) : from_store(bytes))
#define NEXT_CALLOC(count, bytes) (found() ? next_calloc(count, bytes) : from_store((count) * (bytes)))
#define NEXT_REALLOC(old, bytes) (found() ? next_realloc(old, bytes) : from_store(bytes))
#define NEXT_MEMALIGN(alignment, bytes) (found() ? next_memalign(alignment, bytes) : from_store(bytes))
#endif

static int starves(const void* caller) {
  if (!ready || strcmp(fault_call, "malloc") != 0) return 0;
  Dl_info where;
  if (fault_from && (!dladdr(caller, &where) || !where.dli_fname || !strstr(where.dli_fname, fault_from))) return 0;
  if (!fails("malloc", NULL)) return 0;
#ifdef FAULTS_IN_MALLOC
  if (trace) note_frames("at");
#endif
  return 1;
}
#define STARVES starves(__builtin_return_address(0))
void* malloc(size_t bytes) { return STARVES ? NULL : NEXT_MALLOC(bytes); }
void* calloc(size_t count, size_t bytes) { return STARVES ? NULL : NEXT_CALLOC(count, bytes); }
void* realloc(void* old, size_t bytes) { return STARVES ? NULL : NEXT_REALLOC(old, bytes); }
void* aligned_alloc(size_t alignment, size_t bytes) { return STARVES ? NULL : NEXT_MEMALIGN(alignment, bytes); }
int posix_memalign(void** to, size_t alignment, size_t bytes) {
  if (STARVES) return ENOMEM;
  *to = NEXT_MEMALIGN(alignment, bytes);
  return *to ? 0 : ENOMEM;
}
