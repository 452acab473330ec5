// SPDX-License-Identifier: GPL-3.0-or-later
// libtiff behind an owner that keeps its messages: the library prints nothing and a damaged tag is
// not passed over.
#pragma once

#include <tiffio.h>

#include <memory>
#include <string>
#include <vector>

#include "metamict/formats.hpp"

namespace metamict {

/// Grey values are made from samples of one of these kinds.
enum class Samples { unsigned_integer, signed_integer, floating };

/// One page (image file directory) as its tags describe it.
struct TiffPage {
  DatasetInfo info;
  std::uint64_t directory = 0;  ///< its offset, for going back to it
  Samples kind = Samples::unsigned_integer;
  std::uint32_t bits = 1, samples = 1, colours = 1;
  std::uint16_t photometric = 0, compression = 1, extra = 0;
  bool planar = false;    ///< samples in planes of their own
  bool rendered = false;  ///< a colour space that libtiff turns into 8-bit RGB
  bool reduced = false;   ///< marked as a thumbnail of another page
  int orientation = 1;
  std::string description;
};

class TiffFile {
 public:
  explicit TiffFile(const std::filesystem::path& path);
  TIFF* get() const { return handle_.get(); }
  std::uint64_t size() const { return size_; }

  /// Throws InputError with libtiff's first complaint, if it had one.
  void check() const;
  void forget() { complaint_.clear(); }

  template <typename T>
  T value(std::uint32_t tag, T otherwise) const {
    T found{};
    return TIFFGetFieldDefaulted(handle_.get(), tag, &found) == 1 ? found : otherwise;
  }
  std::string text(std::uint32_t tag) const;  ///< empty when absent
  std::vector<unsigned char> bytes(
      std::uint32_t tag) const;  ///< of a private tag, in the machine's byte order
  std::vector<double> numbers(std::uint32_t tag) const;  ///< of a private tag

 private:
  std::string complaint_;
  std::uint64_t size_ = 0;
  std::unique_ptr<TIFF, void (*)(TIFF*)> handle_;
  static int complain(TIFF*, void* self, const char* module, const char* format, va_list arguments);
  static int warn(TIFF*, void* self, const char* module, const char* format, va_list arguments);
};

/// Every page, in the file's order. Throws InputError for a damaged directory or strips that the
/// file does not hold.
std::vector<TiffPage> tiff_pages(TiffFile& file);

/// The pixels of the page as grey values, or as labels (ReadRequest).
cv::Mat read_tiff_page(TiffFile& file, const TiffPage& page, bool labels);

/// What read_tiff_page decided for the user.
Notes tiff_notes(const TiffPage& page);

}  // namespace metamict
