// SPDX-License-Identifier: GPL-3.0-or-later
// The order index and the nested rule, on images and embeddings whose truth is known.
#include "metamict/pipeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "lattice/chip_spectra.hpp"
#include "metamict/errors.hpp"
#include "metamict/evaluate.hpp"
#include "metamict/order.hpp"
#include "rules/nested_rule.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

double mean_order(const cv::Mat& pixels) {
  const Micrograph micrograph = standardise(test::micrograph_of(pixels));
  const std::vector<float> order = measure_order(micrograph, lay_grid(pixels.size(), pixels.size(), 64, 32), 2);
  return std::accumulate(order.begin(), order.end(), 0.0) / static_cast<double>(order.size());
}

TEST(Order, IsHighInACrystalAndLowInSpeckleWhateverTheDose) {
  for (const double counts : {20.0, 100.0, 400.0}) {
    const double crystal = mean_order(test::draw_lattice({.counts = counts, .seed = 3}));
    const double speckle = mean_order(test::draw_lattice({.counts = counts, .amorphous_from = 0.0, .seed = 3}));
    EXPECT_GT(crystal, 0.6) << counts;
    EXPECT_LT(speckle, 0.25) << counts;  // 0.21 at 20 electrons a pixel, falling with the dose
  }
}

TEST(Order, DoesNotDependOnGreyAndContrast) {
  const cv::Mat image = test::draw_lattice({.counts = 60});
  const double plain = mean_order(image);
  EXPECT_NEAR(mean_order(image * 37.0 + 500.0), plain, 1e-3);
}

/// A result as it stands before the rules, with embeddings made to measure: `kind` of each chip, a drift across the
/// image, noise.
Result result_of(int rows, int cols, const std::function<double(int row, int col)>& share_of_second, double drift,
                 double noise) {
  Result result;
  const int size = 64, stride = 16;
  const cv::Size image((cols - 1) * stride + size, (rows - 1) * stride + size);
  result.grid = lay_grid(image, image, size, stride);
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal(0, static_cast<float>(noise));
  result.embeddings.rows_ND.resize(rows * cols, 24);
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) {
      auto chip = result.embeddings.rows_ND.row(row * cols + col);
      for (int d = 0; d < 24; ++d) chip[d] = normal(random);
      const auto second = static_cast<float>(share_of_second(row, col));
      chip[0] += 1 - second;
      chip[1] += second;
      chip[2] += static_cast<float>(drift * col / cols);
      chip.normalize();
    }
  result.similarity = compare(result.embeddings);
  return result;
}

TEST(NestedRule, FindsASmallPocketAndItsBorder) {
  // Chips overlap: those at the border show both, in a mixture that changes over a chip's width.
  const auto pocket = [](int row, int col) {
    const double inside = 7 - std::hypot(row - 8, col - 30);
    return std::clamp(inside / 4 + 0.5, 0.0, 1.0);
  };
  const Result result = result_of(40, 60, pocket, 0.0, 0.02);
  const Communities found = find_nested(result, {}, {}, {}, {});
  EXPECT_EQ(found.count, 2);
  std::vector<std::int32_t> truth;
  for (int row = 0; row < 40; ++row)
    for (int col = 0; col < 60; ++col) truth.push_back(pocket(row, col) > 0.5);
  EXPECT_GT(adjusted_rand_index(found.community, truth), 0.95);
}

TEST(NestedRule, LeavesOneLatticeInOnePiece) {
  EXPECT_EQ(find_nested(result_of(
                            40, 40, [](int, int) { return 0.0; }, 0.0, 0.05),
                        {}, {}, {}, {})
                .count,
            1)
      << "noise";
  EXPECT_EQ(find_nested(result_of(
                            40, 40, [](int, int) { return 0.0; }, 0.6, 0.03),
                        {}, {}, {}, {})
                .count,
            1)
      << "a drift is no border";
}

TEST(NestedRule, TakesPlacesInTheCellForOneLattice) {
  // A jump as clear as a border's, but of a hundredth of a cosine, where no two chips differ by more.
  const auto right_half = [](int, int col) { return col < 20 ? 0.0 : 0.12; };
  EXPECT_EQ(find_nested(result_of(40, 40, right_half, 0.0, 0.005), {}, {}, {}, {}).count, 1);
  const auto clearly = [](int, int col) { return col < 20 ? 0.0 : 0.4; };
  EXPECT_EQ(find_nested(result_of(40, 40, clearly, 0.0, 0.005), {}, {}, {}, {}).count, 2);
}

TEST(NestedRule, SeesAPocketBehindADrift) {
  const auto pocket = [](int row, int col) {
    return std::clamp((8 - std::hypot(row - 20, col - 12)) / 4 + 0.5, 0.0, 1.0);
  };
  EXPECT_EQ(find_nested(result_of(40, 70, pocket, 0.6, 0.02), {}, {}, {}, {}).count, 2);
}

TEST(NestedRule, KeepsAPocketWithoutAWholeCore) {
  // As wide as a chip and a half: no chip in it has only its own kind around it to half a chip's width.
  const auto pocket = [](int row, int col) {
    return std::clamp((3.2 - std::hypot(row - 13, col - 9)) / 4 + 0.5, 0.0, 1.0);
  };
  EXPECT_EQ(find_nested(result_of(26, 26, pocket, 0.2, 0.02), {}, {}, {}, {}).count, 2);
}

/// A patchy cap over a film with a pocket in it that looks like some of the cap's patches.
Result capped_film(const std::function<double(int row, int col)>& share_of_pocket, double unlike) {
  const int rows = 40, cols = 60;
  Result result = result_of(
      rows, cols, [](int, int) { return 0.0; }, 0.0, 0.02);
  std::mt19937_64 random(9);
  std::normal_distribution<float> normal(0, 0.02F);
  result.order.assign(static_cast<std::size_t>(rows * cols), 0.0F);
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) {
      auto chip = result.embeddings.rows_ND.row(row * cols + col);
      for (int d = 0; d < 24; ++d) chip[d] = normal(random);
      const auto cap = static_cast<float>(std::clamp((9.5 - row) / 4 + 0.5, 0.0, 1.0));
      const auto pocket = static_cast<float>(share_of_pocket(row, col)), film = 1 - cap - pocket;
      const auto patch = static_cast<float>(0.5 + 0.5 * std::sin(col / 3.0));
      chip[0] += film;
      chip[1] += cap + pocket;
      chip[2] += cap * 0.6F * patch + pocket * 0.3F;
      chip[3] += pocket * static_cast<float>(unlike);
      chip.normalize();
      result.order[static_cast<std::size_t>(row * cols + col)] = 0.9F * film;
    }
  result.similarity = compare(result.embeddings);
  return result;
}

TEST(NestedRule, KeepsAPocketThatLooksLikePatchesOfTheCap) {
  const auto pocket = [](int row, int col) {
    return std::clamp((3.4 - std::hypot(row - 25, col - 30)) / 4 + 0.5, 0.0, 1.0);
  };
  for (const double unlike : {0.0, 1.0}) {
    const Communities found = find_nested(capped_film(pocket, unlike), {}, {}, {}, {});
    EXPECT_EQ(found.count, unlike > 0 ? 3 : 2) << "two pieces of one kind are one region";
    std::vector<std::int32_t> inside, truth;
    for (int row = 16; row < 40; ++row)
      for (int col = 0; col < 60; ++col) {
        truth.push_back(pocket(row, col) > 0.5);
        inside.push_back(found.community[static_cast<std::size_t>(row * 60 + col)]);
      }
    EXPECT_GT(adjusted_rand_index(inside, truth), 0.7) << unlike;
  }
}

TEST(NestedRule, TellsGrainsApartByTheirLattice) {
  // Embeddings that see no difference: only the spectra can tell.
  const cv::Mat left = test::draw_lattice({.rows = 640, .cols = 640, .seed = 4}),
                right = test::draw_lattice({.rows = 640, .cols = 640, .angle_deg = 13, .seed = 5});
  for (const bool two : {false, true}) {
    cv::Mat image = left.clone();
    if (two) right.colRange(360, 640).copyTo(image.colRange(360, 640));
    Result result = result_of(
        37, 37, [](int, int) { return 0.0; }, 0.0, 0.01);
    ASSERT_EQ(result.grid.image_size, image.size());
    const Micrograph micrograph = standardise(test::micrograph_of(image));
    result.order = measure_order(micrograph, result.grid, 2);
    const Communities found = find_nested(result, {chip_spectra(micrograph, result.grid, 2), {}}, {}, {}, {});
    std::vector<std::int32_t> truth;
    for (std::size_t node = 0; node < result.grid.chips(); ++node)
      truth.push_back(two && result.grid.chip(node).x + 32 >= 360);
    EXPECT_EQ(found.count, two ? 2 : 1);
    EXPECT_GT(adjusted_rand_index(found.community, truth), 0.9);
  }
}

TEST(NestedRule, FindsAPocketThatOnlyTheLostLatticeShows) {
  const cv::Mat film = test::draw_lattice({.rows = 640, .cols = 640, .seed = 4}),
                glass = test::draw_lattice({.rows = 640, .cols = 640, .amorphous_from = 0.0, .seed = 5});
  const double radius = 90;
  cv::Mat image = film.clone(), disc = cv::Mat::zeros(image.size(), CV_8UC1);
  cv::circle(disc, {300, 250}, static_cast<int>(radius), {255}, cv::FILLED);
  glass.copyTo(image, disc);
  Result result = result_of(
      37, 37, [](int, int) { return 0.0; }, 0.0, 0.01);
  const Micrograph micrograph = standardise(test::micrograph_of(image));
  result.order = measure_order(micrograph, result.grid, 2);
  const Communities found = find_nested(result, {chip_spectra(micrograph, result.grid, 2), {}}, {}, {}, {});
  EXPECT_EQ(found.count, 2);
  std::vector<std::int32_t> truth;
  for (std::size_t node = 0; node < result.grid.chips(); ++node)
    truth.push_back(disc.at<std::uint8_t>(result.grid.chip(node).tl() + cv::Point(32, 32)) != 0);
  EXPECT_GT(adjusted_rand_index(found.community, truth), 0.8);
}

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
  options.threads = 3;
  std::atomic<int> told = 0;
  const auto stop = [&](std::string_view stage, std::size_t, std::size_t) {
    if (stage == "communities" && ++told == 2) throw Interrupted("enough");
  };
  const cv::Mat pixels = test::draw_lattice({.rows = 256, .cols = 256, .amorphous_from = 0.5});
  EXPECT_THROW(segment(test::micrograph_of(pixels), *test::fake_encoder(), options, stop), Interrupted);
  EXPECT_EQ(told, 2);
}

TEST(Contamination, IsNotedWhereTheGreyRisesAndTheLatticeDoesNot) {
  const auto notes_contamination = [](const cv::Mat& pixels) {
    const Result result = segment(test::micrograph_of(pixels), *test::fake_encoder(), {});
    return std::any_of(result.notes.begin(), result.notes.end(),
                       [](const std::string& note) { return note.find("contamination") != std::string::npos; });
  };
  const cv::Mat lattice = test::draw_lattice({.rows = 384, .cols = 384, .counts = 200});
  cv::Mat across(lattice.size(), CV_32F);
  for (int x = 0; x < across.cols; ++x) across.col(x) = static_cast<float>(x) / static_cast<float>(across.cols);
  const cv::Mat carbon = lattice + 0.4 * cv::mean(lattice)[0] * across, wedge = lattice.mul(1 + 0.4 * across);
  EXPECT_TRUE(notes_contamination(carbon));
  EXPECT_FALSE(notes_contamination(wedge)) << "the lattice grows as well";
  EXPECT_FALSE(notes_contamination(lattice));
  EXPECT_FALSE(notes_contamination(carbon({0, 0, 384, 128}).clone()))
      << "hardly more than a chip high: too little to go by";
}

TEST(ChipSpectra, KnowTheLatticeButNotWhereItBegins) {
  const auto mean_alike = [](const cv::Mat& a, const cv::Mat& b) {
    const ChipGrid grid = lay_grid(a.size(), a.size(), 64, 16);
    const RowMatrixXf rows_a = chip_spectra(standardise(test::micrograph_of(a)), grid, 1),
                      rows_b = chip_spectra(standardise(test::micrograph_of(b)), grid, 2);
    return rows_a.cwiseProduct(rows_b).rowwise().sum().mean();
  };
  const cv::Mat image = test::draw_lattice({.counts = 100});
  const cv::Mat whole = test::draw_lattice({.rows = 261, .cols = 263, .counts = 100});
  EXPECT_NEAR(mean_alike(image, image), 1, 1e-5) << "for any number of threads";
  EXPECT_GT(mean_alike(image, whole(cv::Rect(7, 5, 256, 256))), 0.97) << "shifted";
  EXPECT_GT(mean_alike(image, test::draw_lattice({.counts = 30, .seed = 9}) * 3), 0.9) << "brighter, another dose";
  EXPECT_LT(mean_alike(image, test::draw_lattice({.angle_deg = 13, .counts = 100})), 0.75) << "turned";
  EXPECT_LT(mean_alike(image, test::draw_lattice({.period_px = 18, .counts = 100})), 0.95) << "wider";
}

}  // namespace
}  // namespace metamict
