// SPDX-License-Identifier: GPL-3.0-or-later
// TIFF in every shape that microscopes and ImageJ give it, against the pixels that went in.
#include <gtest/gtest.h>
#include <tiffio.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <numeric>

#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

constexpr int rows = 19, cols = 23;  // odd on purpose: tiles and strips overhang

struct Layout {
  const char* mode = "w";
  int bits = 16, samples = 1, format = SAMPLEFORMAT_UINT, photometric = PHOTOMETRIC_MINISBLACK;
  int compression = COMPRESSION_NONE, tile = 0, planar = PLANARCONFIG_CONTIG;
  std::function<void(TIFF*)> more = {};
};

using Row = std::vector<unsigned char>;

// Writes `pages` pages; `pack(page, row, plane)` gives a row's bytes.
void write_tiff(const std::filesystem::path& path, const Layout& layout,
                const std::function<Row(int, int)>& pack, int pages = 1) {
  TIFF* const tiff = TIFFOpen(path.c_str(), layout.mode);
  ASSERT_NE(tiff, nullptr);
  for (int page = 0; page < pages; ++page) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, cols);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, rows);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, layout.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, layout.samples);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, layout.format);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, layout.photometric);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, layout.compression);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, layout.planar);
    if (layout.tile == 0) TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 5);
    if (layout.tile != 0) TIFFSetField(tiff, TIFFTAG_TILEWIDTH, layout.tile);
    if (layout.tile != 0) TIFFSetField(tiff, TIFFTAG_TILELENGTH, layout.tile);
    if (layout.more) layout.more(tiff);
    if (layout.tile == 0) {
      for (int plane = 0; plane < (layout.planar == PLANARCONFIG_SEPARATE ? layout.samples : 1);
           ++plane)
        for (int row = 0; row < rows; ++row) {
          Row bytes = pack(page, row);
          if (layout.planar == PLANARCONFIG_SEPARATE)
            bytes = Row(bytes.begin() + plane * cols, bytes.begin() + (plane + 1) * cols);
          ASSERT_EQ(TIFFWriteScanline(tiff, bytes.data(), static_cast<std::uint32_t>(row),
                                      static_cast<std::uint16_t>(plane)),
                    1);
        }
    } else {
      const std::size_t pixel =
          static_cast<std::size_t>(layout.bits) / 8 * static_cast<std::size_t>(layout.samples);
      for (int top = 0; top < rows; top += layout.tile)
        for (int left = 0; left < cols; left += layout.tile) {
          Row tile(static_cast<std::size_t>(layout.tile * layout.tile) * pixel);
          for (int row = top; row < std::min(rows, top + layout.tile); ++row) {
            const Row bytes = pack(page, row);
            const std::size_t count =
                static_cast<std::size_t>(std::min(layout.tile, cols - left)) * pixel;
            std::memcpy(tile.data() + static_cast<std::size_t>((row - top) * layout.tile) * pixel,
                        bytes.data() + static_cast<std::size_t>(left) * pixel, count);
          }
          TIFFWriteTile(tiff, tile.data(), static_cast<std::uint32_t>(left),
                        static_cast<std::uint32_t>(top), 0, 0);
        }
    }
    ASSERT_EQ(TIFFWriteDirectory(tiff), 1);
  }
  TIFFClose(tiff);
}

double grey_at(int row, int col) { return 3 * row + 5 * col; }  // 0..164: fits every type

template <typename T>
Row packed(int row, const std::function<double(int, int)>& value) {
  Row bytes(cols * sizeof(T));
  for (int col = 0; col < cols; ++col) {
    const T number = static_cast<T>(value(row, col));
    std::memcpy(bytes.data() + static_cast<std::size_t>(col) * sizeof(T), &number, sizeof(T));
  }
  return bytes;
}

RawImage read_first(const std::filesystem::path& path, std::optional<int> frame = 0) {
  const Format& format = recognise_format(path);
  EXPECT_EQ(format.name, "TIFF");
  return format.read({path, 0, frame, 1 << 20});
}

void expect_grey(const cv::Mat& pixels, const std::function<double(int, int)>& value,
                 double tolerance = 0) {
  ASSERT_EQ(pixels.rows, rows);
  ASSERT_EQ(pixels.cols, cols);
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col)
      ASSERT_NEAR(static_cast<double>(pixels.at<float>(row, col)), value(row, col), tolerance)
          << row << ", " << col;
}

struct TypeCase {
  int bits, format;
  const char* dtype;
  Row (*pack)(int, const std::function<double(int, int)>&);
};
const TypeCase types[] = {{8, SAMPLEFORMAT_UINT, "uint8", packed<std::uint8_t>},
                          {8, SAMPLEFORMAT_INT, "int8", packed<std::int8_t>},
                          {16, SAMPLEFORMAT_UINT, "uint16", packed<std::uint16_t>},
                          {16, SAMPLEFORMAT_INT, "int16", packed<std::int16_t>},
                          {32, SAMPLEFORMAT_UINT, "uint32", packed<std::uint32_t>},
                          {32, SAMPLEFORMAT_INT, "int32", packed<std::int32_t>},
                          {32, SAMPLEFORMAT_IEEEFP, "float32", packed<float>},
                          {64, SAMPLEFORMAT_IEEEFP, "float64", packed<double>},
                          {64, SAMPLEFORMAT_INT, "int64", packed<std::int64_t>}};

TEST(Tiff, EveryTypeOrderLayoutAndCompressionGivesTheSamePixels) {
  const test::TemporaryFolder folder;
  int files = 0;
  for (const auto& type : types)
    for (const char* mode : {"wl", "wb", "w8"})
      for (const int compression :
           {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS})
        for (const int tile : {0, 16}) {
          const auto path = folder / (std::to_string(files++) + ".tif");
          const double sign = type.format == SAMPLEFORMAT_UINT ? 1 : -0.5;
          const auto value = [&](int row, int col) { return std::floor(sign * grey_at(row, col)); };
          write_tiff(path,
                     {.mode = mode,
                      .bits = type.bits,
                      .format = type.format,
                      .compression = compression,
                      .tile = tile},
                     [&](int, int row) { return type.pack(row, value); });
          SCOPED_TRACE(std::string(type.dtype) + mode + std::to_string(compression) + " tile " +
                       std::to_string(tile));
          const RawImage raw = read_first(path);
          EXPECT_EQ(raw.info.dtype, type.dtype);
          EXPECT_TRUE(raw.notes.empty());
          expect_grey(raw.pixels, value);
        }
}

TEST(Tiff, HalfPrecisionIsRead) {
  const test::TemporaryFolder folder;
  // 1.0, 2.0, -0.5, the smallest subnormal, 65504 in binary16.
  const std::uint16_t halves[] = {0x3C00, 0x4000, 0xB800, 0x0001, 0x7BFF};
  const double values[] = {1, 2, -0.5, std::ldexp(1.0, -24), 65504};
  for (const char* mode : {"wl", "wb"}) {
    const auto path = folder / (std::string(mode) + ".tif");
    write_tiff(path, {.mode = mode, .bits = 16, .format = SAMPLEFORMAT_IEEEFP}, [&](int, int row) {
      return packed<std::uint16_t>(row, [&](int r, int c) { return halves[(r + c) % 5]; });
    });
    const RawImage raw = read_first(path);
    EXPECT_EQ(raw.info.dtype, "float16");
    expect_grey(raw.pixels, [&](int r, int c) { return values[(r + c) % 5]; });
  }
}

TEST(Tiff, PackedBitsAreUnpacked) {
  const test::TemporaryFolder folder;
  for (const int bits : {1, 2, 4, 12}) {
    const auto path = folder / (std::to_string(bits) + ".tif");
    const auto value = [&](int row, int col) { return (row * 7 + col * 3) % (1 << bits); };
    write_tiff(path, {.bits = bits}, [&](int, int row) {
      Row bytes(static_cast<std::size_t>((cols * bits + 7) / 8));
      for (int i = 0; i < cols * bits; ++i)
        if ((value(row, i / bits) >> (bits - 1 - i % bits)) & 1)
          bytes[static_cast<std::size_t>(i / 8)] |= static_cast<unsigned char>(0x80 >> (i % 8));
      return bytes;
    });
    const RawImage raw = read_first(path);
    EXPECT_EQ(raw.info.dtype, "uint" + std::to_string(bits));
    expect_grey(raw.pixels, value);
  }
}

TEST(Tiff, WhiteAsZeroIsInvertedAndSaid) {
  const test::TemporaryFolder folder;
  const auto path = folder / "white.tif";
  write_tiff(path, {.photometric = PHOTOMETRIC_MINISWHITE},
             [](int, int row) { return packed<std::uint16_t>(row, grey_at); });
  const RawImage raw = read_first(path);
  expect_grey(raw.pixels, [](int r, int c) { return 65535 - grey_at(r, c); });
  ASSERT_EQ(raw.notes.size(), 1U);
  EXPECT_NE(raw.notes[0].find("inverted"), std::string::npos);
}

TEST(Tiff, ColourBecomesGreyWithANoteInterleavedAndPlanar) {
  const test::TemporaryFolder folder;
  for (const int planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE})
    for (const int samples : {3, 4}) {
      const auto path = folder / (std::to_string(planar) + std::to_string(samples) + ".tif");
      const auto sample = [](int row, int col, int s) {
        return (row * 11 + col * 7 + s * 50) % 256;
      };
      write_tiff(
          path, {.bits = 8, .samples = samples, .photometric = PHOTOMETRIC_RGB, .planar = planar},
          [&](int, int row) {
            Row bytes(static_cast<std::size_t>(cols * samples));
            for (int col = 0; col < cols; ++col)
              for (int s = 0; s < samples; ++s)
                bytes[static_cast<std::size_t>(planar == PLANARCONFIG_CONTIG ? col * samples + s
                                                                             : s * cols + col)] =
                    static_cast<unsigned char>(sample(row, col, s));
            return bytes;
          });
      const RawImage raw = read_first(path);
      EXPECT_EQ(raw.info.dtype, samples == 3 ? "rgb8" : "rgba8");
      expect_grey(
          raw.pixels,
          [&](int r, int c) {
            return 0.299 * sample(r, c, 0) + 0.587 * sample(r, c, 1) + 0.114 * sample(r, c, 2);
          },
          1e-4);
      EXPECT_EQ(raw.notes.size(), samples == 3 ? 1U : 2U);
    }
}

TEST(Tiff, PaletteIsLookedUp) {
  const test::TemporaryFolder folder;
  const auto path = folder / "palette.tif";
  std::vector<std::uint16_t> red(256), green(256), blue(256);
  for (int i = 0; i < 256; ++i) {
    red[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(257 * (255 - i));
    green[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(257 * i);
    blue[static_cast<std::size_t>(i)] = 65535;
  }
  write_tiff(path,
             {.bits = 8,
              .photometric = PHOTOMETRIC_PALETTE,
              .more =
                  [&](TIFF* t) {
                    TIFFSetField(t, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
                  }},
             [](int, int row) { return packed<std::uint8_t>(row, grey_at); });
  const RawImage raw = read_first(path);
  expect_grey(
      raw.pixels,
      [](int r, int c) {
        return 0.299 * (255 - grey_at(r, c)) + 0.587 * grey_at(r, c) + 0.114 * 255;
      },
      1e-4);
  EXPECT_EQ(raw.notes.size(), 1U);
}

TEST(Tiff, PagesOfOneKindAreFramesAndTheirMeanIsTheMean) {
  const test::TemporaryFolder folder;
  const auto path = folder / "stack.tif";
  write_tiff(
      path, {},
      [](int page, int row) {
        return packed<std::uint16_t>(
            row, [&](int r, int c) { return grey_at(r, c) + 10 * page * page; });
      },
      4);
  const auto infos = recognise_format(path).list(path, 1 << 20);
  ASSERT_EQ(infos.size(), 1U);
  EXPECT_EQ(infos[0].frames, 4);
  for (int frame = 0; frame < 4; ++frame)
    expect_grey(read_first(path, frame).pixels,
                [&](int r, int c) { return grey_at(r, c) + 10 * frame * frame; });
  expect_grey(
      read_first(path, std::nullopt).pixels, [](int r, int c) { return grey_at(r, c) + 35; }, 1e-5);
  EXPECT_THROW(read_first(path, 4), InputError);
}

/// As ImageJ saves a stack too long for one directory a page: one directory, then all frames in a
/// row.
std::string long_stack(const TypeCase& type, bool big, int frames) {
  std::string bytes = big ? std::string("MM\0*", 4) : std::string("II*\0", 4);
  const auto add = [&](std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i)
      bytes += static_cast<char>(value >> 8 * (big ? count - 1 - i : i));
  };
  const std::string description =
      std::string("ImageJ=1.53t\nimages=") + std::to_string(frames) + "\nslices=3\n";
  constexpr std::uint32_t tags = 10, short_type = 3, long_type = 4;
  constexpr std::uint32_t behind = 8 + 2 + 12 * tags + 4;
  const auto text = static_cast<std::uint32_t>(description.size() + 1),
             pixel = static_cast<std::uint32_t>(type.bits / 8);
  const auto entry = [&](std::uint32_t tag, std::uint32_t kind, std::uint32_t count,
                         std::uint32_t value) {
    add(tag, 2), add(kind, 2), add(count, 4);
    add(value, kind == short_type ? 2 : 4);
    if (kind == short_type) add(0, 2);
  };
  add(8, 4), add(tags, 2);
  entry(TIFFTAG_IMAGEWIDTH, long_type, 1, cols);
  entry(TIFFTAG_IMAGELENGTH, long_type, 1, rows);
  entry(TIFFTAG_BITSPERSAMPLE, short_type, 1, static_cast<std::uint32_t>(type.bits));
  entry(TIFFTAG_COMPRESSION, short_type, 1, COMPRESSION_NONE);
  entry(TIFFTAG_PHOTOMETRIC, short_type, 1, PHOTOMETRIC_MINISBLACK);
  entry(TIFFTAG_IMAGEDESCRIPTION, 2, text, behind);
  entry(TIFFTAG_STRIPOFFSETS, long_type, 1, behind + text);
  entry(TIFFTAG_ROWSPERSTRIP, long_type, 1, rows);
  entry(TIFFTAG_STRIPBYTECOUNTS, long_type, 1, rows * cols * pixel);
  entry(TIFFTAG_SAMPLEFORMAT, short_type, 1, static_cast<std::uint32_t>(type.format));
  add(0, 4);
  bytes += description + '\0';
  for (int frame = 0; frame < frames; ++frame)
    for (int row = 0; row < rows; ++row) {
      Row line = type.pack(row, [&](int r, int c) { return (grey_at(r, c) + frame) / 2; });
      for (std::size_t at = 0; big && at < line.size(); at += pixel)
        std::reverse(line.begin() + static_cast<std::ptrdiff_t>(at),
                     line.begin() + static_cast<std::ptrdiff_t>(at + pixel));
      bytes.append(line.begin(), line.end());
    }
  return bytes;
}

TEST(Tiff, ALongStackOfImageJHasOneDirectoryAndAllItsFrames) {
  const test::TemporaryFolder folder;
  const auto path = folder / "long.tif";
  for (const TypeCase& type : types)
    for (const bool big : {false, true}) {
      SCOPED_TRACE(std::string(type.dtype) + (big ? ", big-endian" : ""));
      const std::string bytes = long_stack(type, big, 3);
      std::ofstream(path, std::ios::binary) << bytes;
      ASSERT_EQ(recognise_format(path).list(path, 1 << 20).at(0).frames, 3);
      for (int frame = 0; frame < 3; ++frame)
        expect_grey(read_first(path, frame).pixels, [&](int r, int c) {
          const double grey = (grey_at(r, c) + frame) / 2;
          return type.format == SAMPLEFORMAT_IEEEFP ? grey : std::floor(grey);
        });
      std::ofstream(path, std::ios::binary) << bytes.substr(0, bytes.size() - 1);
      EXPECT_THROW(recognise_format(path).list(path, 1 << 20), InputError);
    }
}

TEST(Tiff, PixelSizeOfOmeInItsOwnUnits) {
  const test::TemporaryFolder folder;
  const auto path = folder / "ome.tif";
  const std::tuple<const char*, double, double> cases[] = {
      {R"(PhysicalSizeX="0.002" PhysicalSizeY="0.003")", 3,
       2},  // micrometres where it says nothing
      {R"(PhysicalSizeXUnit="nm" PhysicalSizeX="0.4" PhysicalSizeY="5" PhysicalSizeYUnit="pm")",
       0.005, 0.4},
      {R"(PhysicalSizeX="2" PhysicalSizeXUnit="&#197;" PhysicalSizeY="2" PhysicalSizeYUnit="pixel")",
       0, 0},
      {R"(PhysicalSizeX="2")", 0, 0},
      {R"(PhysicalSizeX="2)", 0, 0}};
  for (const auto& [attributes, y_nm, x_nm] : cases) {
    const std::string xml =
        std::string(R"(<?xml version="1.0"?><OME><Image><Pixels ID="a" SizeX="23" )") + attributes +
        "><Channel/></Pixels></Image></OME>";
    write_tiff(path,
               {.more = [&](TIFF* t) { TIFFSetField(t, TIFFTAG_IMAGEDESCRIPTION, xml.c_str()); }},
               [](int, int row) { return packed<std::uint16_t>(row, grey_at); });
    const RawImage raw = read_first(path);
    ASSERT_EQ(raw.info.nm_per_pixel.has_value(), x_nm > 0) << attributes;
    if (!raw.info.nm_per_pixel) continue;
    EXPECT_NEAR((*raw.info.nm_per_pixel)[0], y_nm, 1e-9) << attributes;
    EXPECT_NEAR((*raw.info.nm_per_pixel)[1], x_nm, 1e-9) << attributes;
    EXPECT_EQ(raw.info.pixel_size_source, "OME metadata");
  }
}

TEST(Tiff, ComplexSamplesAreNoImage) {
  const test::TemporaryFolder folder;
  const auto path = folder / "complex.tif";
  write_tiff(path, {.bits = 64, .format = SAMPLEFORMAT_COMPLEXIEEEFP},
             [](int, int) { return Row(cols * 8); });
  const auto infos = recognise_format(path).list(path, 1 << 20);
  EXPECT_FALSE(infos[0].image);
  EXPECT_NE(infos[0].reason.find("complex"), std::string::npos);
}

void set_private(TIFF* tiff, const std::vector<TIFFFieldInfo>& fields) {
  TIFFMergeFieldInfo(tiff, fields.data(), static_cast<std::uint32_t>(fields.size()));
}

TEST(Tiff, PixelSizeOfImageJ) {
  const test::TemporaryFolder folder;
  const std::pair<const char*, double> units[] = {{"nm", 1},          {"micron", 1000},
                                                  {"\\u00B5m", 1000}, {"\xC2\xB5m", 1000},
                                                  {"pm", 1e-3},       {"Angstrom", 0.1}};
  for (const auto& [unit, nm] : units) {
    const auto path = folder / "imagej.tif";
    write_tiff(path,
               {.more =
                    [&, unit = unit](TIFF* t) {
                      TIFFSetField(
                          t, TIFFTAG_IMAGEDESCRIPTION,
                          (std::string("ImageJ=1.53t\nunit=") + unit + "\nmin=0.0\n").c_str());
                      TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_NONE);
                      TIFFSetField(t, TIFFTAG_XRESOLUTION, 40.0);
                      TIFFSetField(t, TIFFTAG_YRESOLUTION, 20.0);
                    }},
               [](int, int row) { return packed<std::uint16_t>(row, grey_at); });
    const RawImage raw = read_first(path);
    ASSERT_TRUE(raw.info.nm_per_pixel) << unit;
    EXPECT_NEAR((*raw.info.nm_per_pixel)[0], nm / 20, 1e-7 * nm);
    EXPECT_NEAR((*raw.info.nm_per_pixel)[1], nm / 40, 1e-7 * nm);
    EXPECT_EQ(raw.info.pixel_size_source, "ImageJ tags");
  }
}

TEST(Tiff, DotsPerInchAreNoPixelSize) {
  const test::TemporaryFolder folder;
  const auto path = folder / "dpi.tif";
  for (const char* description : {"a print", "ImageJ=1.53t\nunit=inch\n"})
    for (const double dpi : {72.0, 96.0, 300.0}) {
      write_tiff(path,
                 {.more =
                      [&](TIFF* t) {
                        TIFFSetField(t, TIFFTAG_IMAGEDESCRIPTION, description);
                        TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
                        TIFFSetField(t, TIFFTAG_XRESOLUTION, dpi);
                        TIFFSetField(t, TIFFTAG_YRESOLUTION, dpi);
                      }},
                 [](int, int row) { return packed<std::uint16_t>(row, grey_at); });
      const RawImage raw = read_first(path);
      EXPECT_FALSE(raw.info.nm_per_pixel);
      EXPECT_EQ(raw.info.pixel_size_source, "unknown");
    }
}

TEST(Tiff, PixelSizeOfGatanAndFeiInTheirOrderOfTrust) {
  const test::TemporaryFolder folder;
  char unit_name[] = "unit", scale_name[] = "scale", fei_name[] = "fei";
  const std::vector<TIFFFieldInfo> fields = {
      {65003, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, unit_name},
      {65004, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, unit_name},
      {65009, 1, 1, TIFF_DOUBLE, FIELD_CUSTOM, 1, 0, scale_name},
      {65010, 1, 1, TIFF_DOUBLE, FIELD_CUSTOM, 1, 0, scale_name},
      {34682, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, fei_name}};
  for (const bool fei : {false, true}) {
    const auto path = folder / "gatan.tif";
    write_tiff(
        path,
        {.more =
             [&](TIFF* t) {
               set_private(t, fields);
               TIFFSetField(t, 65003, "\xB5m");  // Latin-1, as DigitalMicrograph writes it
               TIFFSetField(t, 65004, "nm");
               TIFFSetField(t, 65009, 0.002);
               TIFFSetField(t, 65010, 3.0);
               if (fei)
                 TIFFSetField(
                     t, 34682,
                     "[User]\r\nDate=1\r\n[Scan]\r\nPixelWidth=5e-010\r\nPixelHeight=6e-010\r\n");
             }},
        [](int, int row) { return packed<std::uint16_t>(row, grey_at); });
    const RawImage raw = read_first(path);
    ASSERT_TRUE(raw.info.nm_per_pixel);
    EXPECT_NEAR((*raw.info.nm_per_pixel)[0], fei ? 0.6 : 3, 1e-9);
    EXPECT_NEAR((*raw.info.nm_per_pixel)[1], fei ? 0.5 : 2, 1e-9);
    EXPECT_EQ(raw.info.pixel_size_source, fei ? "FEI tags" : "Gatan tags");
  }
}

TEST(Tiff, TooManyPixelsAreRefusedBeforeReading) {
  const test::TemporaryFolder folder;
  const auto path = folder / "image.tif";
  write_tiff(path, {}, [](int, int row) { return packed<std::uint16_t>(row, grey_at); });
  try {
    recognise_format(path).read({path, 0, 0, rows * cols - 1});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("19 x 23 px, above the limit of 436 pixels"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace metamict
