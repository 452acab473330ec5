// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/system/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "metamict/errors.hpp"

namespace metamict {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  void* start = nullptr;
  bool good = file >= 0 && fstat(file, &status) == 0;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (good && size > 0) {
    start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    good = start != MAP_FAILED;
  }
  const int failure = errno;
  if (file >= 0) close(file);
  if (!good && failure == ENOMEM)
    throw ResourceError(path.string() + ": not enough memory to map it");
  if (!good) throw ModelError(path.string() + ": cannot be read: " + std::strerror(failure));
  bytes_ = {static_cast<const unsigned char*>(start), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<unsigned char*>(bytes_.data()), bytes_.size());
}

}  // namespace metamict
