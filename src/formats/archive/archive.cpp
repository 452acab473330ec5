// SPDX-License-Identifier: GPL-3.0-or-later
// Images inside archives: NumPy's .npz, and a zip or gzip file of a single image of any other
// format.
#include <zlib.h>

#include "formats/archive/zip_file.hpp"
#include "formats/bytes/samples.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

// The reader of the image that was unpacked; an archive in an archive has none.
const Format& inner_format(const MemoryFile& file, const Path& name) {
  const InputFile bytes(file.path());
  std::vector<unsigned char> head(
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), 4096)));
  if (!head.empty()) bytes.read(0, head.data(), head.size(), "the file");
  for (const auto& format : plain_readers())
    if (format.recognise(head, name)) return format;
  throw InputError("holds \"" + name.string() + "\", which is no image of a known format");
}

ReadRequest inside(const ReadRequest& request, const MemoryFile& file, std::size_t dataset) {
  ReadRequest inner = request;
  inner.path = file.path();
  inner.dataset = dataset;
  return inner;
}

// --- zip
// ------------------------------------------------------------------------------------------------------------

bool begins_as_zip(Head head) {
  return head.size() > 3 && head[0] == 'P' && head[1] == 'K' && (head[2] == 3 || head[2] == 5);
}

const std::string& only_entry(const ZipFile& zip) {
  if (zip.entries().empty()) throw InputError("the zip file is empty");
  if (zip.entries().size() > 1)
    throw InputError("the zip file holds " + std::to_string(zip.entries().size()) +
                     " files, the first \"" + zip.entries()[0].name +
                     "\": unpack it first (only one of a single image is read)");
  return zip.entries()[0].name;
}

std::string array_name(const std::string& entry) { return Path(entry).stem().string(); }

// --- gzip
// -----------------------------------------------------------------------------------------------------------

void gunzip(const Path& path, std::uint64_t max_pixels, MemoryFile& to) {
  const std::uint64_t most = most_unpacked(InputFile(path).size(), max_pixels);
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), &gzclose_r);
  if (!file) throw InputError("cannot be opened");
  std::vector<unsigned char> block(std::size_t{1} << 16);
  for (;;) {
    const int got = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()));
    int error = Z_OK;
    gzerror(file.get(), &error);
    if (got < 0 || error != Z_OK)
      throw InputError("truncated or damaged: the gzip data end early or make no sense");
    if (got == 0) return;
    to.append({block.data(), static_cast<std::size_t>(got)}, most);
  }
}

}  // namespace

bool is_npz(Head head, const Path& path) {
  if (!begins_as_zip(head)) return false;
  const ZipFile zip(path);
  return !zip.entries().empty() &&
         std::all_of(zip.entries().begin(), zip.entries().end(),
                     [](const auto& entry) { return entry.name.ends_with(".npy"); });
}

std::vector<DatasetInfo> list_npz(const Path& path, std::uint64_t max_pixels) {
  const ZipFile zip(path);
  std::vector<DatasetInfo> infos;
  for (const auto& entry : zip.entries()) {
    MemoryFile file;
    zip.unpack_start(entry.name, max_pixels, file);
    infos.push_back(list_npy(file.path(), max_pixels).at(0));
    infos.back().name = array_name(entry.name);
  }
  return infos;
}

RawImage read_npz(const ReadRequest& request) {
  const ZipFile zip(request.path);
  require_dataset(request.dataset, zip.entries().size());
  const std::string& entry = zip.entries()[request.dataset].name;
  MemoryFile file;
  zip.unpack(entry, request.max_pixels, file);
  RawImage raw = read_npy(inside(request, file, 0));
  raw.info.name = array_name(entry);
  return raw;
}

bool is_zip(Head head, const Path&) { return begins_as_zip(head); }

std::vector<DatasetInfo> list_zip(const Path& path, std::uint64_t max_pixels) {
  const ZipFile zip(path);
  const std::string& entry = only_entry(zip);
  MemoryFile file;
  zip.unpack(entry, max_pixels, file);
  return inner_format(file, entry).list(file.path(), max_pixels);
}

RawImage read_zip(const ReadRequest& request) {
  const ZipFile zip(request.path);
  const std::string& entry = only_entry(zip);
  MemoryFile file;
  zip.unpack(entry, request.max_pixels, file);
  return inner_format(file, entry).read(inside(request, file, request.dataset));
}

bool is_gzip(Head head, const Path&) {
  return head.size() > 2 && head[0] == 0x1F && head[1] == 0x8B && head[2] == 8;
}

std::vector<DatasetInfo> list_gzip(const Path& path, std::uint64_t max_pixels) {
  MemoryFile file;
  gunzip(path, max_pixels, file);
  return inner_format(file, path.stem()).list(file.path(), max_pixels);
}

RawImage read_gzip(const ReadRequest& request) {
  MemoryFile file;
  gunzip(request.path, request.max_pixels, file);
  return inner_format(file, request.path.stem()).read(inside(request, file, request.dataset));
}

}  // namespace metamict
