// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a file of one format: a list of datasets and their pixels, or an InputError.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include "formats/readers.hpp"
#include "metamict/errors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const int file = memfd_create("fuzz", 0);
  static const std::filesystem::path path = "/proc/self/fd/" + std::to_string(file);
  if (file < 0 || ftruncate(file, 0) != 0 ||
      pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  constexpr std::uint64_t limit_px = 1 << 20;
  try {
    const auto datasets = metamict::FUZZ_LIST(path, limit_px);
    for (std::size_t i = 0; i < datasets.size() && i < 4; ++i) {
      if (!datasets[i].image) continue;
      metamict::FUZZ_READ({path, i, datasets[i].frames - 1, limit_px});
      if (datasets[i].frames < 16) metamict::FUZZ_READ({path, i, std::nullopt, limit_px});
    }
  } catch (const metamict::InputError&) {  // the sentence that is owed
  }
  return 0;
}
