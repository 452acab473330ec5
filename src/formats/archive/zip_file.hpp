// SPDX-License-Identifier: GPL-3.0-or-later
// A zip file through minizip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "formats/archive/memory_file.hpp"

namespace metamict {

struct ZipEntry {
  std::string name;
  std::uint64_t packed_bytes = 0, bytes = 0;
  int method = 0;
  bool encrypted = false;
};

class ZipFile {
 public:
  /// Throws InputError when it has no readable directory.
  explicit ZipFile(const std::filesystem::path& path);

  /// The files in it; folders and what macOS adds are left out.
  const std::vector<ZipEntry>& entries() const { return entries_; }
  bool holds(const std::string& name) const;

  /// Unpacks a file whole; throws InputError when it is damaged, encrypted, packed by another
  /// method than deflate, or has more than most_unpacked() bytes.
  void unpack(const std::string& name, std::uint64_t max_pixels, MemoryFile& to) const;

  /// Only the first bytes, and zeros to the length that the directory claims: enough for a header.
  void unpack_start(const std::string& name, std::uint64_t max_pixels, MemoryFile& to) const;

  /// A small file as text; empty when there is none such.
  std::string text(const std::string& name) const;

 private:
  std::vector<ZipEntry> entries_;
  std::unique_ptr<void, int (*)(void*)> handle_;
  const ZipEntry& entry(const std::string& name) const;
  void open(const ZipEntry& entry) const;
  std::size_t read(std::vector<unsigned char>& block) const;
};

}  // namespace metamict
