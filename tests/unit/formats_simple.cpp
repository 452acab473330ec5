// SPDX-License-Identifier: GPL-3.0-or-later
// PNG, JPEG and NPY; recognising by content; choosing a dataset.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

void spill(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

RawImage read_first(const std::filesystem::path& path, std::optional<int> frame = 0) {
  return recognise_format(path).read({path, 0, frame, 1 << 20});
}

cv::Mat matrix(int rows, int cols, std::initializer_list<float> numbers) {
  cv::Mat result(rows, cols, CV_32FC1);
  std::copy(numbers.begin(), numbers.end(), result.ptr<float>());
  return result;
}

/// A PNG file by Pillow: grey of 8 or 16 bits, or colour with alpha (blue-green-red-alpha in
/// `image`).
std::string png_of(const test::TemporaryFolder& folder, const cv::Mat& image) {
  const std::string raw = folder / "raw", made = folder / "made.png";
  spill(raw, {reinterpret_cast<const char*>(image.data), image.total() * image.elemSize()});
  const std::string mode = image.type() == CV_8UC1    ? "'L', size, data"
                           : image.type() == CV_16UC1 ? "'I;16', size, data"
                                                      : "'RGBA', size, data, 'raw', 'BGRA'";
  const std::string size = std::to_string(image.cols) + ", " + std::to_string(image.rows);
  const auto ran =
      test::run_command(std::string(METAMICT_PYTHON) + " -c \"from PIL import Image; size = (" +
                        size + "); data = open('" + raw + "', 'rb').read(); Image.frombytes(" +
                        mode + ").save('" + made + "')\"");
  EXPECT_EQ(ran.status, 0) << ran.err;
  return test::slurp(made);
}

TEST(Png, GreyOf8And16BitKeepsItsNumbers) {
  const test::TemporaryFolder folder;
  for (const int type : {CV_8UC1, CV_16UC1}) {
    cv::Mat image(5, 7, type);
    cv::randu(image, 0, type == CV_8UC1 ? 256 : 65536);
    spill(folder / "x.dat", png_of(folder, image));  // the name says nothing: content decides
    EXPECT_EQ(recognise_format(folder / "x.dat").name, "PNG");
    const RawImage raw = read_first(folder / "x.dat");
    cv::Mat wanted;
    image.convertTo(wanted, CV_32F);
    EXPECT_EQ(cv::norm(raw.pixels, wanted, cv::NORM_INF), 0);
    EXPECT_EQ(raw.info.dtype, type == CV_8UC1 ? "uint8" : "uint16");
    EXPECT_TRUE(raw.notes.empty());
    EXPECT_FALSE(raw.info.nm_per_pixel);
  }
}

TEST(Png, ColourAndTransparencyAreSaid) {
  const test::TemporaryFolder folder;
  cv::Mat image(5, 7, CV_8UC4);
  cv::randu(image, 0, 256);
  spill(folder / "x.png", png_of(folder, image));
  const RawImage raw = read_first(folder / "x.png");
  const auto bgra = image.at<cv::Vec4b>(3, 2);
  EXPECT_NEAR(static_cast<double>(raw.pixels.at<float>(3, 2)),
              0.114 * bgra[0] + 0.587 * bgra[1] + 0.299 * bgra[2], 1e-4);
  EXPECT_EQ(raw.info.dtype, "rgba8");
  EXPECT_EQ(raw.notes.size(), 2U);
}

TEST(Png, EveryCutAndEveryFlippedByteIsRefused) {
  const test::TemporaryFolder folder;
  cv::Mat image(9, 11, CV_8UC1);
  cv::randu(image, 0, 256);
  const std::string whole = png_of(folder, image);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    spill(folder / "cut.png", whole.substr(0, length));
    EXPECT_THROW(read_first(folder / "cut.png"), InputError) << length;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    spill(folder / "flip.png", flipped);
    EXPECT_THROW(read_first(folder / "flip.png"), InputError) << at;  // checksums cover every byte
  }
}

// A minimal grey baseline JPEG would need an encoder; Debian's Python has one.
std::string jpeg_bytes(const test::TemporaryFolder& folder, const std::string& conversion) {
  const auto path = folder / "made.jpg";
  const auto ran = test::run_command(
      std::string(METAMICT_PYTHON) +
      " -c \"from PIL import Image; Image.linear_gradient('L').resize((33, 21))." + conversion +
      ".save('" + path.string() + "', quality=95)\"");
  EXPECT_EQ(ran.status, 0) << ran.err;
  return test::slurp(path);
}

TEST(Jpeg, IsReadWithItsNotesAndRefusedWhenCut) {
  const test::TemporaryFolder folder;
  const std::string grey = jpeg_bytes(folder, "convert('L')");
  spill(folder / "really_a_jpeg.png", grey);
  EXPECT_EQ(recognise_format(folder / "really_a_jpeg.png").name, "JPEG");
  const RawImage raw = read_first(folder / "really_a_jpeg.png");
  EXPECT_EQ(raw.info.rows, 21);
  EXPECT_EQ(raw.info.cols, 33);
  EXPECT_LT(raw.pixels.at<float>(0, 0), 16);
  EXPECT_GT(raw.pixels.at<float>(20, 32), 239);
  ASSERT_EQ(raw.notes.size(), 1U);
  EXPECT_NE(raw.notes[0].find("lossy"), std::string::npos);
  for (std::size_t length = 0; length < grey.size(); ++length) {
    spill(folder / "cut.jpg", grey.substr(0, length));
    EXPECT_THROW(read_first(folder / "cut.jpg"), InputError) << length;
  }
  spill(folder / "grey_as_colour.jpg", jpeg_bytes(folder, "convert('RGB')"));
  EXPECT_EQ(read_first(folder / "grey_as_colour.jpg").notes.size(),
            1U);  // equal channels: nothing was decided
  spill(
      folder / "colour.jpg",
      jpeg_bytes(folder, "convert('RGB').convert('RGB', (1, 0, 0, 0, 0, 0.5, 0, 50, 0, 0, 1, 0))"));
  EXPECT_EQ(read_first(folder / "colour.jpg").notes.size(), 2U);
}

std::string npy(const std::string& descr, const std::string& fortran, const std::string& shape,
                const std::string& data, int version = 1) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  header += '\n';
  const auto length = static_cast<std::uint32_t>(header.size());
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  bytes.append(reinterpret_cast<const char*>(&length), version == 1 ? 2 : 4);
  return bytes + header + data;
}

template <typename T>
std::string bytes_of(std::initializer_list<T> numbers) {
  std::string bytes(numbers.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), std::data(numbers), bytes.size());
  return bytes;
}

TEST(Npy, VersionsOrdersAndFrames) {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.npy";
  for (const int version : {1, 2, 3}) {
    spill(path, npy("<f4", "False", "(2, 3)", bytes_of<float>({1, 2, 3, 4, 5, 6.5F}), version));
    EXPECT_EQ(cv::norm(read_first(path).pixels, matrix(2, 3, {1, 2, 3, 4, 5, 6.5F}), cv::NORM_INF),
              0);
  }
  spill(path, npy("<i2", "True", "(2, 3)", bytes_of<std::int16_t>({1, -4, 2, 5, 3, 6})));
  EXPECT_EQ(cv::norm(read_first(path).pixels, matrix(2, 3, {1, 2, 3, -4, 5, 6}), cv::NORM_INF), 0);
  spill(path, npy(">u2", "False", "(2, 2)", std::string("\0\1\1\0\0\2\2\0", 8)));
  EXPECT_EQ(cv::norm(read_first(path).pixels, matrix(2, 2, {1, 256, 2, 512}), cv::NORM_INF), 0);
  spill(path, npy("|u1", "False", "(2, 2, 2)", std::string("\1\2\3\4\5\6\7\x10", 8)));
  EXPECT_EQ(cv::norm(read_first(path, 1).pixels, matrix(2, 2, {5, 6, 7, 16}), cv::NORM_INF), 0);
  EXPECT_EQ(
      cv::norm(read_first(path, std::nullopt).pixels, matrix(2, 2, {3, 4, 5, 10}), cv::NORM_INF),
      0);
  spill(path, npy("|u1", "True", "(2, 2, 2)", std::string("\1\5\3\7\2\6\4\x10", 8)));
  EXPECT_EQ(cv::norm(read_first(path, 1).pixels, matrix(2, 2, {5, 6, 7, 16}), cv::NORM_INF), 0);
}

TEST(Npy, WhatIsNoImageIsRefusedForItsReason) {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.npy";
  const auto reason = [&](const std::string& bytes) {
    spill(path, bytes);
    return message_of([&] { read_first(path); });
  };
  EXPECT_NE(reason(npy("<c8", "False", "(2, 2)", std::string(32, '\0'))).find("complex"),
            std::string::npos);
  EXPECT_NE(reason(npy("<f4", "False", "(4,)", std::string(16, '\0'))).find("1 dimension"),
            std::string::npos);
  EXPECT_NE(reason(npy("|u1", "False", "(8, 8, 3)", std::string(192, '\0'))).find("colour"),
            std::string::npos);
  EXPECT_NE(reason(npy("<U4", "False", "(2, 2)", std::string(64, '\0'))).find("<U4"),
            std::string::npos);
  EXPECT_NE(reason(npy("<f4", "False", "(100000, 100000)", "")).find("truncated"),
            std::string::npos);
  EXPECT_NE(reason(npy("<f4", "False", "(9999999999, 2)", "")).find("damaged"), std::string::npos);
}

TEST(Formats, AFileThatIsNoneSaysSo) {
  const test::TemporaryFolder folder;
  spill(folder / "film.xyz", "this is no image at all");
  spill(folder / "film.tif.bz2", "BZh91AY and so on");
  spill(folder / "empty.tif", "");
  const auto message = [&](const std::string& name) {
    return message_of([&] { recognise_format(folder / name); });
  };
  EXPECT_EQ(message("film.xyz").find((folder / "film.xyz").string() + ": unsupported format"), 0U)
      << message("film.xyz");
  EXPECT_NE(message("film.tif.bz2").find("compressed"), std::string::npos);
  EXPECT_NE(message("empty.tif").find("empty"), std::string::npos);
  EXPECT_NE(message("missing.tif").find("no such file"), std::string::npos);
  EXPECT_NE(message(".").find("folder"), std::string::npos);
  std::filesystem::create_directory(folder / "film.zspy");
  spill(folder / "film.zspy/.zgroup", "{\"zarr_format\": 2}");
  EXPECT_NE(message("film.zspy").find("Zarr"), std::string::npos);
}

TEST(Formats, HaadfComesFirstUnlessAnotherIsAskedFor) {
  std::vector<DatasetInfo> datasets(4);
  datasets[0].name = "Spectrum";
  datasets[0].image = false;
  datasets[0].reason = "a spectrum";
  datasets[1].name = "BF";
  datasets[2].name = "HAADF 2";
  datasets[3].name = "BF sum";
  EXPECT_EQ(choose_dataset(datasets, ""), 2U);
  EXPECT_EQ(choose_dataset(datasets, "BF"), 1U);
  EXPECT_EQ(choose_dataset(datasets, "bf SUM"), 3U);
  EXPECT_EQ(choose_dataset(datasets, "spec"), 0U);
  EXPECT_THROW(choose_dataset(datasets, "DF4"), InputError);
  datasets[2].image = false;
  EXPECT_EQ(choose_dataset(datasets, ""), 1U);
  datasets.resize(1);
  EXPECT_NE(message_of([&] { choose_dataset(datasets, ""); }).find("a spectrum"),
            std::string::npos);
}

}  // namespace
}  // namespace metamict
