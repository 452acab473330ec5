// SPDX-License-Identifier: GPL-3.0-or-later
// Embeddings kept by their principal directions, and the pieces that large images are embedded in,
// against the whole.
#include "graph/reduced_embeddings.hpp"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>

#include "encoder/embed_chips.hpp"
#include "encoder/resnet/shared_pass.hpp"
#include "graph/principal_directions.hpp"
#include "lattice/chip_spectra.hpp"
#include "support/random_resnet.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

/// The shared pass as an encoder of its own.
class SharedEncoder : public Encoder {
 public:
  EncoderIdentity identity() const override {
    EncoderIdentity identity;
    identity.name = "shared";
    identity.features = resnet50_features;
    identity.input_px = 64;
    return identity;
  }
  RowMatrixXf encode(const Micrograph& canonical, const ChipGrid& grid, Normalise,
                     const Progress& progress) override {
    return resnet_.encode(canonical.pixels, grid, progress);
  }
  Reach reach(const ChipGrid&, Normalise) const override {
    return {SharedResnet::reach_px, SharedResnet::step_px};
  }

 private:
  PackedWeights store_{Number::float32, 2};
  SharedResnet resnet_{
      store_,
      std::make_shared<const FoldedResnet>(*fold_resnet50(test::RandomResnet().views())),
      {{0.4F, 0.4F, 0.4F}, {0.5F, 0.5F, 0.5F}}};
};

Micrograph noise(int rows, int cols) {
  cv::Mat pixels(rows, cols, CV_32F);
  cv::RNG(5).fill(pixels, cv::RNG::NORMAL, 0, 1);
  return test::micrograph_of(pixels);
}

/// A film half of which is amorphous.
Micrograph film(int side = 384) {
  test::LatticeImage options;
  options.rows = options.cols = side;
  options.amorphous_from = 0.5;
  return standardise(test::micrograph_of(test::draw_lattice(options)));
}

ChipGrid grid_over(const Micrograph& image, int stride_px = 16) {
  return lay_grid(image.pixels.size(), image.pixels.size(), 64, stride_px);
}

RowMatrixXf rows_of_part(const RowMatrixXf& rows, const ChipGrid& grid, const cv::Rect& part) {
  RowMatrixXf some(part.area(), rows.cols());
  for (int row = 0; row < part.height; ++row)
    for (int col = 0; col < part.width; ++col)
      some.row(row * part.width + col) =
          rows.row(static_cast<Eigen::Index>(grid.node(part.y + row, part.x + col)));
  return some;
}

// 1,000 x 600: the last row and column are moved in to the edge, and the parts begin where no
// window may.
TEST(EmbedChips, GiveTheRowsOfTheWhole) {
  SharedEncoder encoder;
  const Micrograph image = noise(1000, 600);
  const ChipGrid grid = grid_over(image);
  const RowMatrixXf whole = embed(image, grid, encoder).rows_ND;
  for (const cv::Rect& part :
       {cv::Rect(0, 0, grid.cols, 11), cv::Rect(0, 21, grid.cols, 7), cv::Rect(5, 33, 3, 2),
        cv::Rect(0, grid.rows - 1, grid.cols, 1), cv::Rect(grid.cols - 1, grid.rows - 1, 1, 1)}) {
    const RowMatrixXf rows = embed_chips(image, grid, part, encoder, Normalise::image, {});
    EXPECT_LT((rows - rows_of_part(whole, grid, part)).cwiseAbs().maxCoeff(), 2e-5F) << part;
  }
}

TEST(EmbedChips, AlsoWhereEachChipIsEmbeddedByItself) {
  const auto encoder = test::fake_encoder();
  const Micrograph image = film();
  const ChipGrid grid = grid_over(image, 24);
  const RowMatrixXf whole = embed(image, grid, *encoder).rows_ND;
  for (const cv::Rect& part : {cv::Rect(3, 2, 4, 5), cv::Rect(0, grid.rows - 1, grid.cols, 1)}) {
    const RowMatrixXf rows = embed_chips(image, grid, part, *encoder, Normalise::image, {});
    EXPECT_TRUE(rows == rows_of_part(whole, grid, part)) << part;
  }
}

TEST(PrincipalDirections, AreTheFirstEigenvectors) {
  std::mt19937_64 random(3);
  std::normal_distribution<float> normal;
  const RowMatrixXf shape = RowMatrixXf::NullaryExpr(4, 40, [&] { return normal(random); });
  RowMatrixXf rows = RowMatrixXf::NullaryExpr(300, 4, [&] { return normal(random); }) * shape;
  rows += RowMatrixXf::NullaryExpr(300, 40, [&] { return 0.1F * normal(random); });
  const RowMatrixXf directions = principal_directions(rows, 4);
  ASSERT_EQ(directions.rows(), 4);
  EXPECT_TRUE((directions * directions.transpose()).isIdentity(1e-4F));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> exact(rows.transpose() * rows);
  const Eigen::MatrixXf first = exact.eigenvectors().rightCols(4);
  EXPECT_NEAR((directions * first).norm(), 2.0F, 1e-3F);  // the same space: all four are kept
}

TEST(PrincipalDirections, AreNoMoreThanThereAre) {
  const RowMatrixXf rows = RowMatrixXf::Random(3, 7);
  EXPECT_EQ(principal_directions(rows, 128).rows(), 3);
  EXPECT_EQ(principal_directions(RowMatrixXf::Random(9, 7), 128).rows(), 7);
}

/// The largest and the mean difference between scalar products of kept rows and of whole ones.
std::pair<double, double> errors_of(const Embeddings& kept, const RowMatrixXf& whole) {
  const RowMatrixXf difference =
      (kept.rows_ND * kept.rows_ND.transpose() - whole * whole.transpose()).cwiseAbs();
  return {difference.maxCoeff(), difference.mean()};
}

TEST(ReducedEmbeddings, AreOffByNoMoreThanTheySay) {
  SharedEncoder encoder;
  const Micrograph image = noise(900, 500);
  const ChipGrid grid = grid_over(image);
  const RowMatrixXf whole = embed(image, grid, encoder).rows_ND;
  // In one band, and in bands whose directions come from windows.
  for (const std::size_t most_in_band : {chips_a_band, std::size_t{400}}) {
    std::size_t last = 0;
    const Progress progress = [&](std::string_view stage, std::size_t done, std::size_t total) {
      EXPECT_EQ(stage, "embed");
      EXPECT_GE(done, last);
      EXPECT_LE(done, total);
      last = done;
    };
    const Embeddings kept =
        embed_reduced(image, grid, encoder, Normalise::image, 2, progress, most_in_band);
    ASSERT_TRUE(kept.reduction);
    EXPECT_EQ(kept.rows_ND.rows(), whole.rows());
    EXPECT_EQ(kept.rows_ND.cols(), kept_directions);
    const auto [largest, mean] = errors_of(kept, whole);
    EXPECT_LE(largest, kept.reduction->largest_error + 1e-5);
    EXPECT_LE(mean, kept.reduction->mean_error + 1e-5);
    EXPECT_GT(kept.reduction->largest_error, 0);
    // Back in all features they are as near as what is lost allows.
    const RowMatrixXf back = in_all_features(kept, kept.rows_ND);
    EXPECT_LE((back - whole).rowwise().norm().maxCoeff(),
              std::sqrt(kept.reduction->largest_error) + 1e-3);
    EXPECT_GT(last, 0U);
  }
}

TEST(ReducedEmbeddings, LoseNothingWhereFeaturesAreFew) {
  const auto encoder = test::fake_encoder(32);
  const Micrograph image = film();
  const ChipGrid grid = grid_over(image);
  const RowMatrixXf whole = embed(image, grid, *encoder).rows_ND;
  const Embeddings kept = embed_reduced(image, grid, *encoder, Normalise::image, 1, {}, 100);
  EXPECT_EQ(kept.rows_ND.cols(), 32);
  EXPECT_LT(errors_of(kept, whole).first, 1e-5);
}

TEST(ChipSpectra, OfSomeAreThoseOfAll) {
  const Micrograph image = film();
  const ChipGrid grid = grid_over(image);
  const RowMatrixXf all = chip_spectra(image, grid, 2);
  const Nodes some{3, 4, 200, static_cast<std::uint32_t>(grid.chips()) - 1};
  EXPECT_TRUE(chip_spectra(image, grid, some, 1) == RowMatrixXf(all(some, Eigen::all)));
}

}  // namespace
}  // namespace metamict
