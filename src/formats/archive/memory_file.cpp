// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/archive/memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "metamict/errors.hpp"

namespace metamict {

MemoryFile::MemoryFile() : descriptor_(::memfd_create("metamict", MFD_CLOEXEC)) {
  if (descriptor_ < 0)
    throw InputError(std::string("cannot be unpacked in memory: ") + std::strerror(errno));
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

void MemoryFile::append(std::span<const unsigned char> bytes, std::uint64_t most_bytes) {
  if (bytes.size() > most_bytes || size_ > most_bytes - bytes.size()) refuse_growth(most_bytes);
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      throw InputError(std::string("cannot be unpacked in memory: ") + std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
}

void MemoryFile::extend_to(std::uint64_t bytes) {
  if (bytes <= size_) return;
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0)
    throw InputError(std::string("cannot be unpacked in memory: ") + std::strerror(errno));
  size_ = bytes;
}

std::filesystem::path MemoryFile::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor_);
}

void refuse_growth(std::uint64_t most_bytes) {
  throw InputError("unpacks to more than " + std::to_string(most_bytes) +
                   " bytes, which is too much for its size: unpack it first if that is meant");
}

std::uint64_t most_unpacked(std::uint64_t packed_bytes, std::uint64_t max_pixels) {
  constexpr std::uint64_t always = std::uint64_t{256} << 20, growth = 200, bytes_per_pixel = 16;
  const std::uint64_t pixels = std::min(max_pixels, std::uint64_t{1} << 40);
  const std::uint64_t packed = std::min(packed_bytes, std::uint64_t{1} << 40);
  return std::min(bytes_per_pixel * pixels + (std::uint64_t{64} << 20),
                  std::max(always, growth * packed));
}

}  // namespace metamict
