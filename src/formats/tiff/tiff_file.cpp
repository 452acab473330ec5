// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/tiff/tiff_file.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "formats/bytes/input_file.hpp"
#include "formats/bytes/samples.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr std::size_t most_pages = 65536;
constexpr tmsize_t most_allocation = tmsize_t{1} << 31;

std::string formatted(const char* module, const char* format, va_list arguments) {
  std::array<char, 400> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  return (module != nullptr && *module != '\0' ? std::string(module) + ": " : std::string()) +
         text.data();
}

std::string page_type(const TiffPage& page) {
  if (page.rendered) return "rgb8";
  const std::string bits = std::to_string(page.bits);
  if (page.photometric == PHOTOMETRIC_PALETTE) return "palette" + bits;
  if (page.colours == 3) return (page.samples > 3 ? "rgba" : "rgb") + bits;
  return (page.kind == Samples::floating         ? "float"
          : page.kind == Samples::signed_integer ? "int"
                                                 : "uint") +
         bits;
}

void refuse(TiffPage& page, const std::string& reason) {
  if (page.info.image) page.info.reason = reason;
  page.info.image = false;
}

void set_kind(TiffPage& page, std::uint16_t format) {
  switch (format) {
    case SAMPLEFORMAT_INT:
      page.kind = Samples::signed_integer;
      break;
    case SAMPLEFORMAT_IEEEFP:
      page.kind = Samples::floating;
      break;
    case SAMPLEFORMAT_COMPLEXINT:
    case SAMPLEFORMAT_COMPLEXIEEEFP:
      page.info.dtype = "complex" + std::to_string(page.bits);
      return refuse(page, "complex numbers");
    default:
      page.kind = Samples::unsigned_integer;
  }
  const bool whole = page.bits == 8 || page.bits == 16 || page.bits == 32 || page.bits == 64;
  const bool packed = page.bits >= 1 && page.bits < 16 && page.kind == Samples::unsigned_integer;
  if (page.kind == Samples::floating ? !(whole && page.bits > 8) : !(whole || packed))
    refuse(page, "samples of " + std::to_string(page.bits) + " bits are not supported");
}

void set_colour(TiffPage& page) {
  switch (page.photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      break;
    case PHOTOMETRIC_PALETTE:
      if (page.bits > 16 || page.kind != Samples::unsigned_integer)
        refuse(page, "a palette of " + std::to_string(page.bits) + " bits");
      break;
    case PHOTOMETRIC_RGB:
      page.colours = 3;
      break;
    case PHOTOMETRIC_YCBCR:
      page.colours = 3;
      page.rendered = page.compression != COMPRESSION_JPEG || page.planar;
      break;
    default:
      page.colours = 3;
      page.rendered = true;
  }
  if (page.samples < page.colours && !page.rendered)
    refuse(page, "colour with " + std::to_string(page.samples) + " samples a pixel");
}

// Compressed data cannot grow without bound, so a few bytes that claim a huge image are damaged.
void check_growth(const TiffFile& file, std::uint64_t compression, std::uint64_t bytes) {
  switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_PACKBITS:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_JPEG:
    case COMPRESSION_OJPEG:
      return check_expansion(bytes, file.size());
    default:
      return check_expansion(bytes / 20, file.size());  // a blank line of a fax is one bit
  }
}

// A strip that is not all there makes the whole page a truncated one, whichever frame is asked for.
void check_extent(const TiffFile& file, const TiffPage& page) {
  TIFF* const tiff = file.get();
  const bool tiled = TIFFIsTiled(tiff) != 0;
  const std::uint32_t count = tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  const std::uint64_t full = tiled ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff);
  const auto rows = static_cast<std::uint32_t>(page.info.rows);
  const std::uint32_t strip_rows =
      std::clamp(file.value<std::uint32_t>(TIFFTAG_ROWSPERSTRIP, rows), 1U, rows);
  const auto rows_of_strip = [&](std::uint32_t strip) {
    const std::uint32_t first = strip % ((rows - 1) / strip_rows + 1) * strip_rows;
    return std::min(strip_rows, rows - first);
  };
  if (full > static_cast<std::uint64_t>(most_allocation))
    throw InputError("damaged: it claims strips of " + std::to_string(full) + " bytes");
  check_growth(file, page.compression, full);
  for (std::uint32_t i = 0; i < count; ++i) {
    int error = 0;
    const std::uint64_t offset = TIFFGetStrileOffsetWithErr(tiff, i, &error);
    std::uint64_t bytes = error != 0 ? 0 : TIFFGetStrileByteCountWithErr(tiff, i, &error);
    if (error != 0 || offset == 0 || bytes == 0)
      throw InputError("truncated or damaged: part " + std::to_string(i + 1) + " of " +
                       std::to_string(count) + " of the image is missing");
    // Writers round the last strip up; what is read of an uncompressed one is the image's own part.
    if (page.compression == COMPRESSION_NONE)
      bytes = std::min(bytes, tiled ? full : TIFFVStripSize64(tiff, rows_of_strip(i)));
    if (bytes > file.size() || offset > file.size() - bytes)
      throw InputError("truncated: part " + std::to_string(i + 1) + " of " + std::to_string(count) +
                       " of the image lies past the end of the file");
  }
}

TiffPage describe(const TiffFile& file) {
  TIFF* const tiff = file.get();
  TiffPage page;
  page.directory = TIFFCurrentDirOffset(tiff);
  page.bits = file.value<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
  page.samples = file.value<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
  page.compression = file.value<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  page.planar =
      file.value<std::uint16_t>(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  page.orientation = std::clamp<int>(file.value<std::uint16_t>(TIFFTAG_ORIENTATION, 1), 1, 8);
  page.reduced = (file.value<std::uint32_t>(TIFFTAG_SUBFILETYPE, 0) & FILETYPE_REDUCEDIMAGE) != 0;
  page.description = file.text(TIFFTAG_IMAGEDESCRIPTION);
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &page.photometric) != 1)
    page.photometric = PHOTOMETRIC_MINISBLACK;
  const auto rows = file.value<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0),
             cols = file.value<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0);
  check_size(rows, cols, std::numeric_limits<std::int64_t>::max());
  page.info.rows = static_cast<int>(rows);
  page.info.cols = static_cast<int>(cols);
  set_kind(page, file.value<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT));
  set_colour(page);
  if (page.info.dtype.empty()) page.info.dtype = page_type(page);
  if (page.samples == 0 || page.samples > 64)
    throw InputError("damaged: it claims " + std::to_string(page.samples) + " samples a pixel");
  check_growth(file, page.compression, std::uint64_t{rows} * cols / 8 * page.samples * page.bits);
  return page;
}

}  // namespace

int TiffFile::complain(TIFF*, void* self, const char* module, const char* format,
                       va_list arguments) {
  auto& complaint = static_cast<TiffFile*>(self)->complaint_;
  if (complaint.empty()) complaint = formatted(module, format, arguments);
  return 1;
}

int TiffFile::warn(TIFF* tiff, void* self, const char* module, const char* format,
                   va_list arguments) {
  // libtiff only warns when a tag's value lies past the end of the file or a JPEG strip ends early:
  // both are truncation.
  if (std::strstr(format, "IO error") != nullptr || std::strstr(format, "Premature end") != nullptr)
    return complain(tiff, self, module, format, arguments);
  return 1;
}

TiffFile::TiffFile(const std::filesystem::path& path)
    : size_(InputFile(path).size()), handle_(nullptr, &TIFFClose) {
  // A few places inside libtiff know no file and so no handler of its own: these would write to
  // stderr.
  static const bool quiet = [] {
    TIFFSetErrorHandler(nullptr);
    TIFFSetWarningHandler(nullptr);
    return true;
  }();
  static_cast<void>(quiet);
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             &TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), most_allocation);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), &TiffFile::complain, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), &TiffFile::warn, this);
  handle_.reset(
      TIFFOpenExt(path.c_str(), "rm",
                  options.get()));  // m: no memory map, which a shrinking file turns into a crash
  if (!handle_)
    throw InputError("damaged: " +
                     (complaint_.empty() ? std::string("libtiff cannot open it") : complaint_));
}

void TiffFile::check() const {
  if (!complaint_.empty()) throw InputError("truncated or damaged: " + complaint_);
}

std::string TiffFile::text(std::uint32_t tag) const {
  const char* found = nullptr;
  if (TIFFGetField(handle_.get(), tag, &found) != 1 || found == nullptr) return {};
  return found;
}

std::vector<unsigned char> TiffFile::bytes(std::uint32_t tag) const {
  const TIFFField* const field = TIFFFindField(handle_.get(), tag, TIFF_ANY);
  if (field == nullptr || TIFFFieldPassCount(field) == 0 ||
      TIFFFieldReadCount(field) != TIFF_VARIABLE2)
    return {};
  std::uint32_t count = 0;
  const unsigned char* data = nullptr;
  if (TIFFGetField(handle_.get(), tag, &count, &data) != 1 || data == nullptr) return {};
  const TIFFDataType type = TIFFFieldDataType(field);
  if (type == TIFF_RATIONAL || type == TIFF_SRATIONAL)
    return {};  // libtiff keeps these in another width than the file's
  const int size = TIFFDataWidth(type);
  return {data,
          data + static_cast<std::size_t>(count) * static_cast<std::size_t>(std::max(size, 1))};
}

std::vector<double> TiffFile::numbers(std::uint32_t tag) const {
  const auto raw = bytes(tag);
  const TIFFField* const field = TIFFFindField(handle_.get(), tag, TIFF_ANY);
  if (raw.empty() || field == nullptr) return {};
  const auto as = [&](auto kind) {
    using T = decltype(kind);
    std::vector<double> values(raw.size() / sizeof(T));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(
          InputFile::number<T>(raw.data() + i * sizeof(T), std::endian::native));
    return values;
  };
  switch (TIFFFieldDataType(field)) {
    case TIFF_DOUBLE:
      return as(double{});
    case TIFF_FLOAT:
      return as(float{});
    case TIFF_LONG:
      return as(std::uint32_t{});
    case TIFF_SLONG:
      return as(std::int32_t{});
    case TIFF_SHORT:
      return as(std::uint16_t{});
    default:
      return {};
  }
}

std::vector<TiffPage> tiff_pages(TiffFile& file) {
  std::vector<TiffPage> pages;
  do {
    file.check();
    if (pages.size() == most_pages)
      throw InputError("it has more than " + std::to_string(most_pages) + " pages");
    pages.push_back(describe(file));
    if (pages.back().info.image) check_extent(file, pages.back());
    file.check();
  } while (TIFFReadDirectory(file.get()) == 1);
  file.check();
  return pages;
}

}  // namespace metamict
