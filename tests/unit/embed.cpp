// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/embed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

/// Gives back the rows it was made with.
class ScriptedEncoder : public Encoder {
 public:
  explicit ScriptedEncoder(RowMatrixXf rows_ND) : rows_ND_(std::move(rows_ND)) {}
  EncoderIdentity identity() const override {
    EncoderIdentity identity;
    identity.name = "scripted";
    identity.features = 2;
    return identity;
  }
  RowMatrixXf encode(const Micrograph&, const ChipGrid&, Normalise, const Progress&) override {
    return rows_ND_;
  }

 private:
  RowMatrixXf rows_ND_;
};

const Micrograph& image() {
  static const Micrograph made = test::micrograph_of(test::draw_lattice({}));
  return made;
}

ChipGrid three_chips() {
  ChipGrid grid = lay_grid(image().pixels.size(), image().pixels.size(), 64, 64);
  grid.rows = 1;
  grid.cols = 3;
  return grid;
}

Embeddings embed_rows(const RowMatrixXf& rows_ND) {
  ScriptedEncoder encoder(rows_ND);
  return embed(image(), three_chips(), encoder);
}

TEST(Embed, ScalesEveryRowToLengthOne) {
  const Embeddings embeddings = embed_rows(RowMatrixXf{{3, 4}, {1e-30F, 0}, {3e38F, -3e38F}});
  EXPECT_FLOAT_EQ(embeddings.rows_ND(0, 0), 0.6F);
  EXPECT_FLOAT_EQ(embeddings.rows_ND(1, 0), 1.0F);
  EXPECT_FLOAT_EQ(embeddings.rows_ND(2, 1), -std::sqrt(0.5F));
  EXPECT_EQ(embeddings.encoder.name, "scripted");
}

TEST(Embed, NamesTheChipWhoseFeaturesAreUnfit) {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              inf = std::numeric_limits<float>::infinity();
  EXPECT_THAT(
      [] {
        embed_rows(RowMatrixXf{{1, 0}, {0, 0}, {1, 1}});
      },
      testing::ThrowsMessage<ModelError>(testing::HasSubstr("chip 1 (row 0, column 1)")));
  EXPECT_THAT(
      [&] {
        embed_rows(RowMatrixXf{{1, 0}, {0, 1}, {nan, 1}});
      },
      testing::ThrowsMessage<ModelError>(testing::HasSubstr("chip 2")));
  EXPECT_THAT(
      [&] {
        embed_rows(RowMatrixXf{{inf, 0}, {0, 1}, {1, 1}});
      },
      testing::ThrowsMessage<ModelError>(testing::HasSubstr("chip 0")));
}

TEST(Embed, RefusesAWrongShape) {
  EXPECT_THAT(
      [] {
        embed_rows(RowMatrixXf{{1, 0}, {0, 1}});
      },
      testing::ThrowsMessage<ModelError>(testing::HasSubstr("2 x 2")));
  EXPECT_THROW(embed_rows(RowMatrixXf{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}), ModelError);
}

TEST(Embed, WorksOnTheFakeEncoder) {
  const auto encoder = test::fake_encoder();
  const ChipGrid grid = lay_grid(image().pixels.size(), image().pixels.size(), 64, 32);
  const Embeddings embeddings = embed(image(), grid, *encoder);
  ASSERT_EQ(static_cast<std::size_t>(embeddings.rows_ND.rows()), grid.chips());
  for (Eigen::Index i = 0; i < embeddings.rows_ND.rows(); ++i)
    EXPECT_NEAR(embeddings.rows_ND.row(i).norm(), 1.0F, 1e-5F);
}

TEST(GatherChip, CopiesThePixelsUnderTheChip) {
  cv::Mat pixels(6, 7, CV_32FC1);
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 7; ++x) pixels.at<float>(y, x) = static_cast<float>(10 * y + x);
  std::vector<float> chip(9);
  gather_chip(pixels, {4, 2, 3, 3}, Normalise::image, chip.data());
  EXPECT_EQ(chip, (std::vector<float>{24, 25, 26, 34, 35, 36, 44, 45, 46}));
}

TEST(GatherChip, NormalisesAChipByItself) {
  cv::Mat pixels(4, 4, CV_32FC1);
  cv::randu(pixels, 1000, 1001);
  std::vector<float> chip(16);
  gather_chip(pixels, {0, 0, 4, 4}, Normalise::chip, chip.data());
  const Eigen::Map<Eigen::ArrayXf> values(chip.data(), 16);
  EXPECT_NEAR(values.mean(), 0.0F, 1e-5F);
  EXPECT_NEAR(std::sqrt(values.square().mean()), 1.0F, 1e-5F);
  for (const float level : {0.0F, 0.1F, 31234.567F}) {
    pixels.setTo(level);
    gather_chip(pixels, {0, 0, 4, 4}, Normalise::chip, chip.data());
    EXPECT_THAT(chip, testing::Each(0.0F));
  }
}

}  // namespace
}  // namespace metamict
