// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/archive/zip_file.hpp"

#include <minizip/unzip.h>

#include <algorithm>
#include <array>

#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 16;

bool is_file(const std::string& name) {
  return !name.ends_with('/') && !name.starts_with("__MACOSX/");
}

ZipEntry current_entry(unzFile zip) {
  unz_file_info64 info{};
  std::array<char, 1024> name{};
  if (unzGetCurrentFileInfo64(zip, &info, name.data(), name.size() - 1, nullptr, 0, nullptr, 0) !=
      UNZ_OK)
    throw InputError("damaged: its directory cannot be read");
  return {name.data(), info.compressed_size, info.uncompressed_size,
          static_cast<int>(info.compression_method), (info.flag & 1U) != 0};
}

}  // namespace

ZipFile::ZipFile(const std::filesystem::path& path) : handle_(unzOpen64(path.c_str()), &unzClose) {
  constexpr std::size_t most_entries = 10000;
  if (!handle_) throw InputError("truncated or damaged: the zip file has no directory at its end");
  for (int status = unzGoToFirstFile(handle_.get()); status == UNZ_OK;
       status = unzGoToNextFile(handle_.get())) {
    if (entries_.size() == most_entries)
      throw InputError("holds more than " + std::to_string(most_entries) +
                       " files: unpack it first");
    if (ZipEntry found = current_entry(handle_.get()); is_file(found.name))
      entries_.push_back(std::move(found));
  }
}

const ZipEntry& ZipFile::entry(const std::string& name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& one) { return one.name == name; });
  if (found == entries_.end()) throw InputError("there is no " + name + " in it");
  return *found;
}

bool ZipFile::holds(const std::string& name) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const auto& one) { return one.name == name; });
}

void ZipFile::open(const ZipEntry& wanted) const {
  if (wanted.encrypted)
    throw InputError("\"" + wanted.name + "\" in it is encrypted: unpack it first");
  if (wanted.method != 0 && wanted.method != Z_DEFLATED)
    throw InputError("\"" + wanted.name + "\" in it is packed by method " +
                     std::to_string(wanted.method) +
                     ", where only stored and deflated files are read: unpack it first");
  if (unzLocateFile(handle_.get(), wanted.name.c_str(), 1) != UNZ_OK ||
      unzOpenCurrentFile(handle_.get()) != UNZ_OK)
    throw InputError("damaged: \"" + wanted.name + "\" in it cannot be found");
}

std::size_t ZipFile::read(std::vector<unsigned char>& block) const {
  const int got =
      unzReadCurrentFile(handle_.get(), block.data(), static_cast<unsigned>(block.size()));
  if (got < 0) throw InputError("truncated or damaged: the data in the zip file make no sense");
  return static_cast<std::size_t>(got);
}

void ZipFile::unpack(const std::string& name, std::uint64_t max_pixels, MemoryFile& to) const {
  const ZipEntry& wanted = entry(name);
  open(wanted);
  const std::uint64_t most = most_unpacked(wanted.packed_bytes, max_pixels);
  std::vector<unsigned char> block(block_bytes);
  std::uint64_t total = 0;
  for (std::size_t got = read(block); got > 0; got = read(block)) {
    to.append({block.data(), got}, most);
    total += got;
  }
  if (unzCloseCurrentFile(handle_.get()) != UNZ_OK || total != wanted.bytes)
    throw InputError("truncated or damaged: \"" + name + "\" in it fails its checksum");
}

void ZipFile::unpack_start(const std::string& name, std::uint64_t max_pixels,
                           MemoryFile& to) const {
  const ZipEntry& wanted = entry(name);
  const std::uint64_t most = most_unpacked(wanted.packed_bytes, max_pixels);
  if (wanted.bytes > most) refuse_growth(most);
  open(wanted);
  std::vector<unsigned char> block(block_bytes);
  to.append({block.data(), read(block)}, block_bytes);
  unzCloseCurrentFile(handle_.get());
  to.extend_to(wanted.bytes);
}

std::string ZipFile::text(const std::string& name) const {
  constexpr std::uint64_t most = std::uint64_t{16} << 20;
  if (!holds(name)) return {};
  open(entry(name));
  std::string text;
  std::vector<unsigned char> block(block_bytes);
  for (std::size_t got = read(block); got > 0 && text.size() < most; got = read(block))
    text.append(reinterpret_cast<const char*>(block.data()), got);
  unzCloseCurrentFile(handle_.get());
  return text;
}

}  // namespace metamict
