// SPDX-License-Identifier: GPL-3.0-or-later
// One small file in every layout of every format (tests/fuzz/make_corpus.py): grey 10 row + column
// (+ 100 frame), 0.05 nm pixels.
#include <gtest/gtest.h>

#include <cmath>

#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "metamict/micrograph.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

namespace fs = std::filesystem;

class FormatSamples : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TemporaryFolder>();
    const auto ran = test::run_command(std::string(METAMICT_PYTHON) + " " + METAMICT_SOURCE_DIR +
                                       "/tests/fuzz/make_corpus.py " + folder_->path().string());
    ASSERT_EQ(ran.status, 0) << ran.err;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static std::vector<fs::path> samples(bool refused) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder_->path()))
      if (entry.path().filename().string().starts_with("no_") == refused)
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  inline static std::unique_ptr<test::TemporaryFolder> folder_;
};

double worst_difference(const cv::Mat& pixels, double offset) {
  double worst = 0;
  for (int row = 0; row < pixels.rows; ++row)
    for (int col = 0; col < pixels.cols; ++col)
      worst = std::max(worst, std::abs(static_cast<double>(pixels.at<float>(row, col)) -
                                       (10 * row + col + offset)));
  return worst;
}

TEST_F(FormatSamples, EveryLayoutGivesItsPixelsFramesAndSize) {
  const auto paths = samples(false);
  EXPECT_GE(paths.size(), 45U);
  for (const auto& path : paths) {
    const std::string name = path.filename().string();
    SCOPED_TRACE(name);
    const Format& format = recognise_format(path);
    const auto infos = format.list(path, 1000);
    const std::size_t chosen = choose_dataset(infos, "");
    const DatasetInfo& info = infos[chosen];
    const double tolerance = name.starts_with("jpeg") ? 3 : 0;  // lossy
    for (int frame = 0; frame < info.frames; ++frame) {
      const cv::Mat pixels = format.read({path, chosen, frame, 1000}).pixels;
      ASSERT_EQ(pixels.size(), cv::Size(7, 6));
      EXPECT_LE(worst_difference(pixels, 100 * frame), tolerance);
    }
    EXPECT_LE(worst_difference(format.read({path, chosen, std::nullopt, 1000}).pixels,
                               50 * (info.frames - 1)),
              tolerance);
    EXPECT_EQ(info.frames > 1, name.find("stack") != std::string::npos ||
                                   name.find("series") != std::string::npos ||
                                   name.find("velox") != std::string::npos ||
                                   name.find("hyperspy") != std::string::npos);
    const bool sized = name.starts_with("dm") || name.starts_with("ser") ||
                       name.starts_with("mrc") || name.starts_with("ndata") ||
                       name.starts_with("prz") || name.starts_with("tiff_imagej") ||
                       (name.starts_with("hdf5") && name.find("plain") == std::string::npos);
    ASSERT_EQ(info.nm_per_pixel.has_value(), sized);
    if (sized) {
      EXPECT_NEAR((*info.nm_per_pixel)[0], 0.05, 1e-8);
      EXPECT_NEAR((*info.nm_per_pixel)[1], 0.05, 1e-8);
      EXPECT_NE(info.pixel_size_source, "unknown");
    }
    EXPECT_THROW(format.read({path, chosen, 0, 41}), InputError) << "the limit of pixels";
    EXPECT_THROW(format.read({path, chosen, info.frames, 1000}), InputError) << "a frame too many";
    EXPECT_THROW(format.read({path, infos.size(), 0, 1000}), InputError) << "a dataset too many";
  }
}

TEST_F(FormatSamples, WhatIsNoImageIsRefusedForItsReason) {
  const auto paths = samples(true);
  EXPECT_GE(paths.size(), 9U);
  for (const auto& path : paths) {
    std::string reason = path.stem().string();
    reason = reason.substr(reason.rfind('_') + 1);
    if (reason == "elsewhere") reason = "another file";
    try {
      load_micrograph(path);
      ADD_FAILURE() << path << " was read";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find(path.string()), 0U) << error.what();
    }
  }
}

TEST_F(FormatSamples, DetectorsAreChosenByName) {
  LoadOptions options;
  const Micrograph haadf = load_micrograph(*folder_ / "hdf5_velox.emd", options);
  EXPECT_EQ(haadf.dataset, "HAADF");
  EXPECT_EQ(haadf.notes.size(), 2U);  // which of two images, which of two frames
  options.dataset = "bf";
  EXPECT_THROW(load_micrograph(*folder_ / "hdf5_velox.emd", options),
               InputError);  // it is constant, but it was chosen
  options.dataset = "Spectrum";
  EXPECT_THROW(load_micrograph(*folder_ / "hdf5_velox.emd", options), InputError);
}

}  // namespace
}  // namespace metamict
