// SPDX-License-Identifier: GPL-3.0-or-later
// Gives every block of `new` some room behind it. While oneDNN 2.6 generates a convolution for AMX
// it reads up to 16 numbers behind the end of a vector (jit_brgemm_amx_uker.cpp asks
// skipped_bd_mask once more after the last block). It makes no use of them, but the process dies
// where the vector ends with the last page of the heap. Part of each executable, not of the
// library, whose users' allocations are theirs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace {

constexpr std::size_t spare_bytes = 16 * sizeof(std::size_t);

void* with_spare_room(std::size_t bytes) {
  void* block = bytes > SIZE_MAX - spare_bytes ? nullptr : std::malloc(bytes + spare_bytes);
#ifdef __SANITIZE_ADDRESS__  // our own code may not read there
  if (block != nullptr)
    __asan_poison_memory_region(static_cast<std::byte*>(block) + bytes, spare_bytes);
#endif
  return block;
}

}  // namespace

void* operator new(std::size_t bytes) {
  for (;;) {
    if (void* block = with_spare_room(bytes)) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return with_spare_room(bytes);
}

void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { std::free(block); }
