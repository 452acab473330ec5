// SPDX-License-Identifier: GPL-3.0-or-later
// load_micrograph's refusals and notes, standardise against the definition, to_canonical_scale
// against an analytic image.
#include "metamict/micrograph.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>

#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

std::filesystem::path write_npy(const test::TemporaryFolder& folder, const cv::Mat& pixels,
                                int frames = 1) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       (frames > 1 ? std::to_string(frames) + ", " : std::string()) +
                       std::to_string(pixels.rows / frames) + ", " + std::to_string(pixels.cols) +
                       "), }\n";
  const auto length = static_cast<std::uint16_t>(header.size());
  const auto path = folder / "image.npy";
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\1\0", 8);
  file.write(reinterpret_cast<const char*>(&length), 2);
  file << header;
  file.write(reinterpret_cast<const char*>(pixels.data),
             static_cast<std::streamsize>(pixels.total() * sizeof(float)));
  return path;
}

cv::Mat noise(int rows, int cols, std::uint64_t seed, float mean = 0, float sd = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(mean, sd);
  cv::Mat pixels(rows, cols, CV_32FC1);
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) pixels.at<float>(row, col) = normal(random);
  return pixels;
}

std::string message_of(const std::filesystem::path& path, const LoadOptions& options = {}) {
  try {
    load_micrograph(path, options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

LoadOptions frame(const std::string& which) {
  LoadOptions options;
  options.frame = which;
  return options;
}

LoadOptions pixel_size(double nm) {
  LoadOptions options;
  options.nm_per_pixel = nm;
  return options;
}

TEST(LoadMicrograph, KeepsThePixelsAndKnowsTheFile) {
  const test::TemporaryFolder folder;
  const cv::Mat pixels = noise(13, 17, 1);
  const auto path = write_npy(folder, pixels);
  const Micrograph micrograph = load_micrograph(path);
  EXPECT_EQ(cv::norm(micrograph.pixels, pixels, cv::NORM_INF), 0);
  EXPECT_EQ(micrograph.input_size, cv::Size(17, 13));
  EXPECT_EQ(micrograph.scale, 1);
  EXPECT_FALSE(micrograph.nm_per_pixel);
  EXPECT_EQ(micrograph.pixel_size_source, "unknown");
  EXPECT_TRUE(micrograph.notes.empty());
  EXPECT_EQ(micrograph.dataset, "");
  const auto ran = test::run_command("sha256sum " + path.string());
  EXPECT_EQ(micrograph.sha256, ran.out.substr(0, 64));
}

TEST(LoadMicrograph, NamesTheFirstPixelThatIsNoNumber) {
  const test::TemporaryFolder folder;
  cv::Mat pixels = noise(9, 9, 2);
  pixels.at<float>(4, 7) = std::numeric_limits<float>::quiet_NaN();
  pixels.at<float>(5, 0) = std::numeric_limits<float>::infinity();
  pixels.at<float>(8, 8) = std::numeric_limits<float>::quiet_NaN();
  const std::string message = message_of(write_npy(folder, pixels));
  EXPECT_NE(message.find("2 NaN and 1 infinite pixels, the first at row 4, column 7"),
            std::string::npos)
      << message;
}

TEST(LoadMicrograph, RefusesAConstantImage) {
  const test::TemporaryFolder folder;
  const std::string message =
      message_of(write_npy(folder, cv::Mat(8, 8, CV_32FC1, cv::Scalar(513))));
  EXPECT_NE(message.find("constant: all 64 pixels are 513"), std::string::npos) << message;
}

TEST(LoadMicrograph, TakesAFrameOrTheMeanAndSaysSo) {
  const test::TemporaryFolder folder;
  cv::Mat pixels(12, 5, CV_32FC1);
  for (int i = 0; i < 60; ++i) pixels.at<float>(i / 5, i % 5) = static_cast<float>(i);
  const auto path = write_npy(folder, pixels, 3);
  EXPECT_EQ(load_micrograph(path).notes.size(), 1U);
  EXPECT_EQ(load_micrograph(path, frame("2")).pixels.at<float>(0, 0), 40);
  EXPECT_EQ(load_micrograph(path, frame("mean")).pixels.at<float>(0, 0), 20);
  EXPECT_NE(message_of(path, frame("3")).find("0 to 2"), std::string::npos);
}

TEST(LoadMicrograph, APixelSizeThatIsGivenWins) {
  const test::TemporaryFolder folder;
  const Micrograph micrograph =
      load_micrograph(write_npy(folder, noise(8, 8, 3)), pixel_size(0.0213));
  EXPECT_EQ(micrograph.nm_per_pixel, 0.0213);
  EXPECT_EQ(micrograph.pixel_size_source, "given");
}

TEST(LoadOptions, CheckRefusesNonsense) {
  EXPECT_THROW((frame("two")).check(), UsageError);
  EXPECT_THROW((frame("-1")).check(), UsageError);
  EXPECT_THROW((frame("")).check(), UsageError);
  EXPECT_THROW(pixel_size(0).check(), UsageError);
  EXPECT_THROW(pixel_size(std::numeric_limits<double>::quiet_NaN()).check(), UsageError);
  LoadOptions none;
  none.max_pixels = 0;
  EXPECT_THROW(none.check(), UsageError);
  EXPECT_NO_THROW((frame("mean")).check());
}

TEST(Standardise, MatchesNumpyToTheLastDigitOfFloat) {
  const test::TemporaryFolder folder;
  const cv::Mat pixels =
      noise(83, 71, 4, 1e5F, 3);  // an offset that single precision sums would drown in
  const auto path = write_npy(folder, pixels);
  const auto wanted_path = folder / "wanted.f4";
  const auto ran = test::run_command(
      std::string(METAMICT_PYTHON) + " -c \"import numpy as np; a = np.load('" + path.string() +
      "').astype(float); c = np.clip(a, *np.percentile(a, [0.1, 99.9])); ((c - c.mean()) / "
      "c.std()).astype('<f4').tofile('" +
      wanted_path.string() + "')\"");
  ASSERT_EQ(ran.status, 0) << ran.err;
  std::string bytes = test::slurp(wanted_path);
  const cv::Mat wanted(pixels.rows, pixels.cols, CV_32FC1, bytes.data());
  EXPECT_LT(cv::norm(standardise(test::micrograph_of(pixels)).pixels, wanted, cv::NORM_INF), 1e-5);
}

TEST(Standardise, IsBlindToGainAndOffset) {
  const cv::Mat pixels = noise(64, 64, 5);
  const cv::Mat first = standardise(test::micrograph_of(pixels)).pixels;
  const cv::Mat second = standardise(test::micrograph_of(pixels * 37 + 1000)).pixels;
  EXPECT_LT(cv::norm(first, second, cv::NORM_INF), 1e-3);
  EXPECT_NEAR(cv::mean(first)[0], 0, 1e-6);
}

TEST(Standardise, OneHotPixelDoesNotFlattenTheRest) {
  cv::Mat pixels = noise(64, 64, 6);
  const cv::Mat before = standardise(test::micrograph_of(pixels)).pixels;
  pixels.at<float>(3, 3) = 1e9F;
  const cv::Mat after = standardise(test::micrograph_of(pixels)).pixels;
  EXPECT_NEAR(static_cast<double>(after.at<float>(40, 40)),
              static_cast<double>(before.at<float>(40, 40)), 0.05);
}

TEST(Standardise, RefusesAnImageWhoseOnlyContrastIsAFewPixels) {
  cv::Mat pixels(100, 100, CV_32FC1, cv::Scalar(7));
  pixels.at<float>(0, 0) = 8;
  EXPECT_THROW(standardise(test::micrograph_of(pixels)), InputError);
}

TEST(CanonicalScale, KeepsPositionsAndPixelSize) {
  for (const double chip_px : {37.3, 64.0, 101.7, 256.0}) {
    // A slow wave: its value at a scaled position is known.
    cv::Mat pixels(300, 410, CV_32FC1);
    const auto wave = [](double y, double x) { return std::sin(x / 29) + std::cos(y / 41); };
    for (int row = 0; row < pixels.rows; ++row)
      for (int col = 0; col < pixels.cols; ++col)
        pixels.at<float>(row, col) = static_cast<float>(wave(row, col));
    const Micrograph scaled = to_canonical_scale(test::micrograph_of(pixels, 0.02), chip_px, 64);
    const double factor = 64 / chip_px;
    EXPECT_DOUBLE_EQ(scaled.scale, factor);
    EXPECT_NEAR(*scaled.nm_per_pixel, 0.02 / factor, 1e-15);
    EXPECT_NEAR(scaled.pixels.rows, 300 * factor, 0.5);
    EXPECT_NEAR(scaled.pixels.cols, 410 * factor, 0.5);
    double worst = 0;
    for (int row = 2; row < scaled.pixels.rows - 2; ++row)
      for (int col = 2; col < scaled.pixels.cols - 2; ++col)
        worst =
            std::max(worst, std::abs(static_cast<double>(scaled.pixels.at<float>(row, col)) -
                                     wave((row + 0.5) / factor - 0.5, (col + 0.5) / factor - 0.5)));
    EXPECT_LT(worst, 0.005) << chip_px;
  }
}

TEST(CanonicalScale, ShrinkingAveragesNoiseAway) {
  const cv::Mat pixels = noise(400, 400, 7);
  const cv::Mat scaled = to_canonical_scale(test::micrograph_of(pixels), 256, 64).pixels;
  cv::Scalar mean, sd;
  cv::meanStdDev(scaled, mean, sd);
  EXPECT_NEAR(sd[0], 0.25, 0.02);  // 4 x 4 pixels in one: a quarter of the noise
}

}  // namespace
}  // namespace metamict
