// SPDX-License-Identifier: GPL-3.0-or-later
// Composition as a witness: what counting alone does, and what a difference does.
#include "metamict/composition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "metamict/element_maps.hpp"
#include "metamict/errors.hpp"
#include "metamict/micrograph.hpp"

using namespace metamict;

namespace {

constexpr int side = 128;

/// Poisson counts of three elements; the right half has another composition.
ElementMaps random_maps(double counts, double difference, unsigned seed) {
  std::mt19937 random(seed);
  ElementMaps maps;
  maps.elements = {"A", "B", "C"};
  maps.field = {0, 0, side, side};
  for (int e = 0; e < 3; ++e) {
    cv::Mat map(side, side, CV_32FC1);
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const double change = x < side / 2 ? 0 : difference;
        const double share = e == 0 ? 0.5 - change : e == 1 ? 0.3 + change : 0.2;
        map.at<float>(y, x) =
            static_cast<float>(std::poisson_distribution<int>(counts * share)(random));
      }
    maps.counts.push_back(map);
  }
  maps.sum_up();
  return maps;
}

ChipGrid chips() { return lay_grid({side, side}, {side, side}, 16, 4); }

}  // namespace

TEST(Composition, NoiseAloneIsNoEvidence) {
  int told = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    const Composition composition = composition_of(random_maps(0.5, 0, seed), chips());
    told += composition.reliability > 0.2;
    if (composition.reliability == 0) {
      EXPECT_EQ(composition.notes.size(), 1U);
      EXPECT_TRUE(composition.rows_NE.row(0).isApprox(composition.rows_NE.row(100)));
      EXPECT_EQ(weight_of(composition), 0);
    }
  }
  EXPECT_EQ(told, 0);
}

TEST(Composition, ReliabilityRisesWithTheCounts) {
  double before = 0;
  for (const double counts : {0.2, 1.0, 10.0, 100.0}) {
    const Composition composition = composition_of(random_maps(counts, 0.1, 7), chips());
    EXPECT_GE(composition.reliability, before);
    before = composition.reliability;
  }
  EXPECT_GT(before, 0.95);
  EXPECT_LT(weight_of(composition_of(random_maps(100, 0.1, 7), chips())), 0.5);
}

TEST(Composition, TheNoiseOfLikeChipsIsForetold) {
  const ChipGrid grid = chips();
  for (const double counts : {0.5, 5.0}) {
    double sum = 0, pairs = 0, foretold = 0;
    for (unsigned seed = 0; seed < 10; ++seed) {
      const Composition composition = composition_of(random_maps(counts, 0.25, seed), grid);
      foretold += composition.noise / 10;
      for (int row = 0; row + 4 < grid.rows; row += 4)
        for (int col = 0; col + 4 < grid.cols / 2 - 4; col += 4) {
          const auto a = static_cast<Eigen::Index>(grid.node(row, col)),
                     b = static_cast<Eigen::Index>(grid.node(row + 4, col));
          sum += 1 - composition.rows_NE.row(a).dot(composition.rows_NE.row(b));
          pairs += 1;
        }
    }
    EXPECT_NEAR(sum / pairs, foretold, 0.25 * foretold) << counts;
  }
}

TEST(Composition, AJointRowIsTheMeanOfBothWitnesses) {
  const Composition composition = composition_of(random_maps(20, 0.2, 3), chips());
  Embeddings image;
  image.rows_ND = RowMatrixXf::Random(composition.rows_NE.rows(), 8);
  image.rows_ND.rowwise().normalize();
  const Embeddings joint = joint_embeddings(image, composition, 0.3);
  EXPECT_EQ(joint.rows_ND.cols(), 8 + 3);
  for (const Eigen::Index i : {0, 17, 200}) {
    EXPECT_NEAR(joint.rows_ND.row(i).norm(), 1, 1e-5);
    const double by_image = image.rows_ND.row(i).dot(image.rows_ND.row(5)),
                 by_both = joint.rows_ND.row(i).dot(joint.rows_ND.row(5)),
                 by_maps = joint.rows_ND.row(i).tail(3).normalized().dot(
                     joint.rows_ND.row(5).tail(3).normalized());
    EXPECT_NEAR(by_both, 0.7 * by_image + 0.3 * by_maps, 1e-5);
  }
  EXPECT_TRUE(joint_embeddings(image, composition, 0).rows_ND.leftCols(8).isApprox(image.rows_ND));
}

TEST(ElementMaps, AreasCountInPart) {
  const ElementMaps maps = random_maps(9, 0.1, 1);
  double whole = 0, halves = 0;
  for (std::size_t e = 0; e < 3; ++e) {
    whole += maps.count_in(e, {10, 20, 7, 3});
    halves += maps.count_in(e, {10, 20, 2.5, 3}) + maps.count_in(e, {12.5, 20, 4.5, 3});
    EXPECT_NEAR(maps.count_in(e, {10, 20, 7, 3}),
                cv::sum(maps.counts[e](cv::Rect(10, 20, 7, 3)))[0], 1e-6);
    EXPECT_NEAR(maps.count_in(e, {10.25, 20, 0.5, 1}), 0.5 * maps.counts[e].at<float>(20, 10),
                1e-6);
  }
  EXPECT_NEAR(whole, halves, 1e-6);
  EXPECT_NEAR(maps.count_in(0, {-50, -50, 500, 500}), cv::sum(maps.counts[0])[0], 1e-6);
  EXPECT_EQ(maps.count_in(0, {-50, -50, 20, 20}), 0);
  EXPECT_DOUBLE_EQ(maps.cover({-8, 0, 16, 16}), 0.5);
}

TEST(ElementMaps, MirroredTwiceAreThemselves) {
  ElementMaps maps = random_maps(3, 0.1, 1);
  maps.field = {10, -4, 60, 70};
  maps.sum_up();
  for (const int code : {0, 1, -1}) {
    const ElementMaps once = mirrored(maps, code, {side, side}),
                      twice = mirrored(once, code, {side, side});
    EXPECT_EQ(twice.field, maps.field);
    EXPECT_EQ(cv::norm(twice.counts[1], maps.counts[1]), 0);
    const cv::Rect2d at(20, 9, 8, 8),
        there(code == 0 ? 20 : side - 28, code == 1 ? 9 : side - 17, 8, 8);
    EXPECT_NEAR(maps.count_in(0, at), once.count_in(0, there), 1e-6);
  }
}

TEST(ElementMaps, ThinnedKeepHalf) {
  const ElementMaps maps = random_maps(20, 0.1, 1), half = thinned(maps, 5);
  const double before = cv::sum(maps.counts[0])[0], after = cv::sum(half.counts[0])[0];
  EXPECT_NEAR(after / before, 0.5, 4 * 0.5 / std::sqrt(before));
}

TEST(ElementMaps, NamesOfFiles) {
  EXPECT_EQ(files_of_maps("a.hspy"), (std::vector<std::string>{"a.hspy"}));
  EXPECT_EQ(files_of_maps("Fe=a.tif,Sr=b.tif"), (std::vector<std::string>{"a.tif", "b.tif"}));
  EXPECT_EQ(files_of_maps("Fe,Sr=a.tif,Ti=b.tif"), (std::vector<std::string>{"a.tif", "b.tif"}));
  EXPECT_THROW(files_of_maps("Fe=a.tif,Sr"), UsageError);
  EXPECT_THROW(files_of_maps("=a.tif"), UsageError);
  EXPECT_THROW(files_of_maps(""), UsageError);
}

TEST(ElementMaps, AVeloxFileNamesItsElements) {
  const std::filesystem::path file =
      std::filesystem::path(METAMICT_SOURCE_DIR).parent_path() /
      "shared/real/formats/velox_emd/velox_emd_version11/Test SI 16x16 215 kx.emd";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no real files here";
  LoadOptions options;
  options.maps.files = file.string();
  const Micrograph micrograph = load_micrograph(file, options);
  ASSERT_TRUE(micrograph.maps);
  EXPECT_EQ(micrograph.maps->elements, (std::vector<std::string>{"C", "Ca", "O", "Cu"}));
  EXPECT_EQ(micrograph.maps->field, cv::Rect2d(0, 0, 16, 16));
}
