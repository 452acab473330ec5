// SPDX-License-Identifier: GPL-3.0-or-later
// The whole pipeline with a fake encoder: notes, failures, contamination.
#include "metamict/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <opencv2/core.hpp>

#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

/// Says something of each image, and not before it has seen it.
class TalkativeEncoder : public Encoder {
 public:
  EncoderIdentity identity() const override { return fake_->identity(); }
  RowMatrixXf encode(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise,
                     const Progress& progress) override {
    notes_ = {"image " + std::to_string(++images_)};
    return fake_->encode(canonical, grid, normalise, progress);
  }
  Notes notes() const override { return notes_; }

 private:
  std::unique_ptr<Encoder> fake_ = test::fake_encoder();
  Notes notes_;
  int images_ = 0;
};

TEST(Segment, SaysOfAnImageWhatTheEncoderDecidedForIt) {
  TalkativeEncoder encoder;
  const cv::Mat pixels = test::draw_lattice({.rows = 192, .cols = 192});
  for (const std::string note : {"image 1", "image 2"}) {
    const Notes notes = segment(test::micrograph_of(pixels), encoder, {}).notes;
    EXPECT_EQ(std::count(notes.begin(), notes.end(), note), 1);
  }
}

// A rule that fails ends the others, and its own words reach the caller.
TEST(Segment, StopsWithTheFirstFailureOfARule) {
  SegmentOptions options;
  options.resources.threads = 3;
  std::atomic<int> told = 0;
  const auto stop = [&](std::string_view stage, std::size_t, std::size_t) {
    if (stage == "communities" && ++told == 2) throw Interrupted("enough");
  };
  const cv::Mat pixels = test::draw_lattice({.rows = 256, .cols = 256, .amorphous_from = 0.5});
  EXPECT_THROW(segment(test::micrograph_of(pixels), *test::fake_encoder(), options, stop),
               Interrupted);
  EXPECT_EQ(told, 2);
}

TEST(Contamination, IsNotedWhereTheGreyRisesAndTheLatticeDoesNot) {
  const auto notes_contamination = [](const cv::Mat& pixels) {
    const Result result = segment(test::micrograph_of(pixels), *test::fake_encoder(), {});
    return std::any_of(result.notes.begin(), result.notes.end(), [](const std::string& note) {
      return note.find("contamination") != std::string::npos;
    });
  };
  const cv::Mat lattice = test::draw_lattice({.rows = 384, .cols = 384, .counts = 200});
  cv::Mat across(lattice.size(), CV_32F);
  for (int x = 0; x < across.cols; ++x)
    across.col(x) = static_cast<float>(x) / static_cast<float>(across.cols);
  const cv::Mat carbon = lattice + 0.4 * cv::mean(lattice)[0] * across,
                wedge = lattice.mul(1 + 0.4 * across);
  EXPECT_TRUE(notes_contamination(carbon));
  EXPECT_FALSE(notes_contamination(wedge)) << "the lattice grows as well";
  EXPECT_FALSE(notes_contamination(lattice));
  EXPECT_FALSE(notes_contamination(carbon({0, 0, 384, 128}).clone()))
      << "hardly more than a chip high: too little to go by";
}

TEST(FocusGradient, IsNotedWhereTheLatticeFadesAlongOneRegion) {
  const auto note_of = [](const cv::Mat& pixels) -> std::string {
    for (const std::string& note :
         segment(test::micrograph_of(pixels), *test::fake_encoder(), {}).notes)
      if (note.find("focus") != std::string::npos) return note;
    return {};
  };
  const cv::Mat lattice = test::draw_lattice({.rows = 384, .cols = 384, .counts = 200});
  const double mean = cv::mean(lattice)[0];
  cv::Mat across(lattice.size(), CV_32F);
  for (int x = 0; x < across.cols; ++x)
    across.col(x) = static_cast<float>(x) / static_cast<float>(across.cols);
  // The contrast falls to 0.6 of itself, its square to 0.36; the mean stays.
  const cv::Mat drifting = mean + (lattice - mean).mul(1 - 0.4 * across);
  EXPECT_THAT(note_of(drifting), testing::HasSubstr("from left to right"));
  cv::Mat turned;
  cv::rotate(drifting, turned, cv::ROTATE_90_COUNTERCLOCKWISE);
  EXPECT_THAT(note_of(turned), testing::HasSubstr("from bottom to top"));
  EXPECT_EQ(note_of(lattice), "");
}

}  // namespace
}  // namespace metamict
