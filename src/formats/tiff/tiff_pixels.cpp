// SPDX-License-Identifier: GPL-3.0-or-later
// From a TIFF page's samples to grey values: whole or packed samples, strips or tiles, interleaved
// or in planes.
#include <algorithm>
#include <array>
#include <cmath>

#include "formats/bytes/samples.hpp"
#include "formats/tiff/tiff_file.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

Sample sample_of(const TiffPage& page) {
  if (page.kind == Samples::floating)
    return page.bits == 16 ? Sample::f16 : page.bits == 32 ? Sample::f32 : Sample::f64;
  const bool is_signed = page.kind == Samples::signed_integer;
  switch (page.bits) {
    case 8:
      return is_signed ? Sample::i8 : Sample::u8;
    case 16:
      return is_signed ? Sample::i16 : Sample::u16;
    case 32:
      return is_signed ? Sample::i32 : Sample::u32;
    default:
      return is_signed ? Sample::i64 : Sample::u64;
  }
}

// Samples that fill no whole bytes lie one after the other, the highest bit first; libtiff leaves
// them so.
template <typename T>
void unpack(const unsigned char* row, const TiffPage& page, std::vector<T>& values) {
  if (page.bits % 8 == 0)
    return to_numbers(row, sample_of(page), std::endian::native, values.size(), values.data());
  std::size_t bit = 0;
  for (auto& value : values) {
    std::uint32_t number = 0;
    for (std::uint32_t i = 0; i < page.bits; ++i, ++bit)
      number = (number << 1) | ((row[bit / 8] >> (7 - bit % 8)) & 1U);
    value = static_cast<T>(number);
  }
}

// From one pixel's samples to grey: each sample's weight, or a table for a palette. Labels are the
// first sample as stored.
class Greyscale {
 public:
  Greyscale(const TiffFile& file, const TiffPage& page, bool labels) {
    weights_.assign(page.samples, 0.0);
    if (labels && page.colours == 1) {
      weights_[0] = 1;
      return;
    }
    if (page.colours == 3) {
      std::copy(std::begin(luma), std::end(luma), weights_.begin());
    } else {
      weights_[0] = 1;
    }
    if (page.photometric == PHOTOMETRIC_PALETTE) read_palette(file, page);
    if (page.photometric == PHOTOMETRIC_MINISWHITE && page.kind == Samples::unsigned_integer) {
      weights_[0] = -1;
      white_ = std::ldexp(1.0, static_cast<int>(page.bits)) - 1;
    }
  }

  /// Adds sample `s` of a pixel; the first one begins it, so that memory is touched only where the
  /// file holds data.
  template <typename T>
  void add(T value, std::size_t s, T& grey) const {
    if (!palette_.empty()) {
      grey = static_cast<T>(palette_[static_cast<std::size_t>(value)]);
    } else {
      grey = static_cast<T>((s == 0 ? white_ : static_cast<double>(grey)) +
                            weights_[s] * static_cast<double>(value));
    }
  }
  bool uses(std::size_t s) const { return weights_[s] != 0.0; }

 private:
  std::vector<double> weights_;
  std::vector<float> palette_;
  double white_ = 0;

  // Colour maps are 16 bit, but many writers put 8-bit numbers in, plain or shifted; grey comes out
  // in 8-bit units.
  void read_palette(const TiffFile& file, const TiffPage& page) {
    std::array<std::uint16_t*, 3> map{};
    if (TIFFGetField(file.get(), TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) != 1)
      throw InputError("damaged: its palette is missing");
    const std::size_t entries = std::size_t{1} << page.bits;
    bool small = true, shifted = true;
    for (const auto* colour : map)
      for (std::size_t i = 0; i < entries; ++i) {
        small = small && colour[i] < 256;
        shifted = shifted && colour[i] % 256 == 0;
      }
    const double unit = small ? 1 : shifted ? 256 : 257;
    palette_.resize(entries);
    for (std::size_t i = 0; i < entries; ++i)
      palette_[i] = static_cast<float>(
          (luma[0] * map[0][i] + luma[1] * map[1][i] + luma[2] * map[2][i]) / unit);
  }
};

// A strip or tile: where it lies in the image and how its rows lie in the buffer.
struct Part {
  int row = 0, col = 0, rows = 0, cols = 0;
  std::size_t row_bytes = 0;
  std::size_t first_sample = 0, samples = 1;
};

template <typename T>
void place_as(const std::vector<unsigned char>& buffer, const Part& part, const TiffPage& page,
              const Greyscale& grey, cv::Mat& pixels) {
  const int cols = std::min(part.cols, pixels.cols - part.col);
  std::vector<T> values(static_cast<std::size_t>(cols) * part.samples);
  for (int r = 0; r < std::min(part.rows, pixels.rows - part.row); ++r) {
    unpack(buffer.data() + static_cast<std::size_t>(r) * part.row_bytes, page, values);
    T* const to = pixels.ptr<T>(part.row + r) + part.col;
    for (std::size_t s = 0; s < part.samples; ++s) {
      if (!grey.uses(part.first_sample + s)) continue;
      for (int col = 0; col < cols; ++col)
        grey.add(values[static_cast<std::size_t>(col) * part.samples + s], part.first_sample + s,
                 to[col]);
    }
  }
}

void place(const std::vector<unsigned char>& buffer, const Part& part, const TiffPage& page,
           const Greyscale& grey, cv::Mat& pixels) {
  pixels.depth() == CV_64F ? place_as<double>(buffer, part, page, grey, pixels)
                           : place_as<float>(buffer, part, page, grey, pixels);
}

std::size_t buffer_size(tmsize_t bytes) {
  if (bytes <= 0) throw InputError("damaged: its strips have no size");
  return static_cast<std::size_t>(bytes);
}

void read_strips(TiffFile& file, const TiffPage& page, const Greyscale& grey, cv::Mat& pixels) {
  TIFF* const tiff = file.get();
  const int strip_rows = static_cast<int>(std::min<std::uint32_t>(
      file.value<std::uint32_t>(TIFFTAG_ROWSPERSTRIP, 1), static_cast<std::uint32_t>(pixels.rows)));
  if (strip_rows < 1) throw InputError("damaged: its strips have no rows");
  std::vector<unsigned char> buffer(buffer_size(TIFFStripSize(tiff)));
  const std::size_t planes = page.planar ? page.samples : 1,
                    samples = page.planar ? 1 : page.samples;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    if (!grey.uses(plane) && page.planar) continue;
    for (int row = 0; row < pixels.rows; row += strip_rows) {
      const auto strip = TIFFComputeStrip(tiff, static_cast<std::uint32_t>(row),
                                          static_cast<std::uint16_t>(plane));
      const int rows = std::min(strip_rows, pixels.rows - row);
      const auto wanted = TIFFVStripSize(tiff, static_cast<std::uint32_t>(rows));
      const auto got =
          TIFFReadEncodedStrip(tiff, strip, buffer.data(), static_cast<tmsize_t>(buffer.size()));
      file.check();
      if (got < wanted)
        throw InputError("truncated or damaged: the strip at row " + std::to_string(row) +
                         " is too short");
      place(buffer,
            {row, 0, rows, pixels.cols, buffer_size(TIFFScanlineSize(tiff)), plane, samples}, page,
            grey, pixels);
    }
  }
}

void read_tiles(TiffFile& file, const TiffPage& page, const Greyscale& grey, cv::Mat& pixels) {
  TIFF* const tiff = file.get();
  const auto width = file.value<std::uint32_t>(TIFFTAG_TILEWIDTH, 0),
             height = file.value<std::uint32_t>(TIFFTAG_TILELENGTH, 0);
  constexpr std::uint32_t most = 1U << 30;
  if (width == 0 || height == 0 || width > most || height > most)
    throw InputError("damaged: its tiles have no sensible size");
  std::vector<unsigned char> buffer(buffer_size(TIFFTileSize(tiff)));
  const std::size_t planes = page.planar ? page.samples : 1,
                    samples = page.planar ? 1 : page.samples;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    if (!grey.uses(plane) && page.planar) continue;
    for (std::uint32_t row = 0; row < static_cast<std::uint32_t>(pixels.rows); row += height)
      for (std::uint32_t col = 0; col < static_cast<std::uint32_t>(pixels.cols); col += width) {
        const auto tile = TIFFComputeTile(tiff, col, row, 0, static_cast<std::uint16_t>(plane));
        const auto got =
            TIFFReadEncodedTile(tiff, tile, buffer.data(), static_cast<tmsize_t>(buffer.size()));
        file.check();
        if (got < static_cast<tmsize_t>(buffer.size()))
          throw InputError("truncated or damaged: the tile at row " + std::to_string(row) +
                           ", column " + std::to_string(col) + " is too short");
        place(buffer,
              {static_cast<int>(row), static_cast<int>(col), static_cast<int>(height),
               static_cast<int>(width), buffer_size(TIFFTileRowSize(tiff)), plane, samples},
              page, grey, pixels);
      }
  }
}

// Colour spaces that no microscope writes but someone's export may: libtiff makes 8-bit RGB of
// them. Where the file asks for a turned display, the rows stay as stored, as they do for every
// other file.
void read_rendered(TiffFile& file, const TiffPage& page, cv::Mat& pixels) {
  std::array<char, 1024> why{};
  if (TIFFRGBAImageOK(file.get(), why.data()) != 1)
    throw InputError(std::string("its colour space or compression is not supported: ") +
                     why.data());
  std::vector<std::uint32_t> raster(static_cast<std::size_t>(pixels.rows) *
                                    static_cast<std::size_t>(pixels.cols));
  const int done = TIFFReadRGBAImageOriented(file.get(), static_cast<std::uint32_t>(pixels.cols),
                                             static_cast<std::uint32_t>(pixels.rows), raster.data(),
                                             page.orientation, 1);
  file.check();
  if (done != 1) throw InputError("damaged: it cannot be decoded");
  for (int row = 0; row < pixels.rows; ++row)
    for (int col = 0; col < pixels.cols; ++col) {
      const std::uint32_t colour =
          raster[static_cast<std::size_t>(row) * static_cast<std::size_t>(pixels.cols) +
                 static_cast<std::size_t>(col)];
      pixels.at<float>(row, col) = static_cast<float>(
          luma[0] * TIFFGetR(colour) + luma[1] * TIFFGetG(colour) + luma[2] * TIFFGetB(colour));
    }
}

}  // namespace

cv::Mat read_tiff_page(TiffFile& file, const TiffPage& page, bool labels) {
  file.forget();
  if (TIFFSetSubDirectory(file.get(), page.directory) != 1)
    throw InputError("damaged: a page cannot be found again");
  file.check();
  if (!page.rendered && TIFFIsCODECConfigured(page.compression) == 0)
    throw InputError("its compression (number " + std::to_string(page.compression) +
                     ") is not supported");
  if (page.photometric == PHOTOMETRIC_YCBCR && !page.rendered)
    TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  cv::Mat pixels(page.info.rows, page.info.cols, labels && !page.rendered ? CV_64FC1 : CV_32FC1);
  if (page.rendered) {
    read_rendered(file, page, pixels);
    if (labels) pixels.convertTo(pixels, CV_64F);
  } else {
    const Greyscale grey(file, page, labels);
    TIFFIsTiled(file.get()) != 0 ? read_tiles(file, page, grey, pixels)
                                 : read_strips(file, page, grey, pixels);
  }
  return pixels;
}

Notes tiff_notes(const TiffPage& page) {
  Notes notes;
  if (page.colours == 3)
    notes.emplace_back("colour was made grey (0.299 red + 0.587 green + 0.114 blue)");
  if (page.photometric == PHOTOMETRIC_PALETTE)
    notes.emplace_back(
        "the palette's colours were made grey (0.299 red + 0.587 green + 0.114 blue)");
  if (page.samples > page.colours && !page.rendered)
    notes.push_back("only the image was taken of " + std::to_string(page.samples) +
                    " samples a pixel (transparency and others were dropped)");
  if (page.photometric == PHOTOMETRIC_MINISWHITE)
    notes.emplace_back(page.kind == Samples::unsigned_integer
                           ? "the file stores 0 as white: grey values were inverted"
                           : "the file says that 0 is white, which means nothing for its type: "
                             "grey values are as stored");
  if (page.compression == COMPRESSION_JPEG || page.compression == COMPRESSION_OJPEG)
    notes.emplace_back("JPEG is lossy: its blocks and rings are not of the specimen");
  for (const auto& note : orientation_notes(page.orientation)) notes.push_back(note);
  return notes;
}

}  // namespace metamict
