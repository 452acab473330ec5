// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "metamict/errors.hpp"

namespace metamict {

namespace {
constexpr std::size_t block_bytes = 1 << 16;
}

InputFile::InputFile(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw InputError(std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || status.st_size < 0) {
    ::close(descriptor_);
    throw InputError(std::string("cannot be opened: ") + std::strerror(errno));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::require(std::uint64_t offset, std::uint64_t count, const char* what) const {
  if (count <= size_ && offset <= size_ - count) return;
  throw InputError("truncated or damaged: " + std::string(what) + " would need " +
                   std::to_string(count) + " bytes at offset " + std::to_string(offset) +
                   ", but the file has " + std::to_string(size_) + " bytes");
}

void InputFile::read_through(std::uint64_t offset, unsigned char* to, std::size_t count,
                             const char* what) const {
  while (count > 0) {
    const ssize_t got = ::pread(descriptor_, to, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw InputError(std::string("reading ") + what + " failed: " + std::strerror(errno));
    if (got == 0)
      throw InputError(std::string("truncated while being read: ") + what + " ends at byte " +
                       std::to_string(offset));
    offset += static_cast<std::uint64_t>(got);
    to += got;
    count -= static_cast<std::size_t>(got);
  }
}

void InputFile::read(std::uint64_t offset, void* to, std::size_t count, const char* what) const {
  require(offset, count, what);
  auto* const bytes = static_cast<unsigned char*>(to);
  if (count >= block_bytes / 2) return read_through(offset, bytes, count, what);
  if (offset < block_offset_ || offset + count > block_offset_ + block_.size()) {
    block_.clear();
    std::vector<unsigned char> fresh(
        static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, size_ - offset)));
    read_through(offset, fresh.data(), fresh.size(), what);
    block_ = std::move(fresh);
    block_offset_ = offset;
  }
  std::memcpy(bytes, block_.data() + (offset - block_offset_), count);
}

std::string InputFile::text(std::uint64_t offset, std::uint64_t count, std::uint64_t most,
                            const char* what) const {
  require(offset, count, what);
  std::string result(static_cast<std::size_t>(std::min(count, most)), '\0');
  read(offset, result.data(), result.size(), what);
  return result;
}

std::vector<unsigned char> read_all(const InputFile& file, std::uint64_t most) {
  if (file.size() > most)
    throw InputError("the file has " + std::to_string(file.size()) + " bytes, more than the " +
                     std::to_string(most) + " an image of this format can need");
  std::vector<unsigned char> bytes(static_cast<std::size_t>(file.size()));
  if (!bytes.empty()) file.read(0, bytes.data(), bytes.size(), "the file");
  return bytes;
}

std::vector<unsigned char> read_compressed(const std::filesystem::path& path,
                                           std::uint64_t max_pixels) {
  return read_all(InputFile(path),
                  8 * std::min(max_pixels, std::uint64_t{1} << 40) + (std::uint64_t{1} << 24));
}

}  // namespace metamict
