// SPDX-License-Identifier: GPL-3.0-or-later
// The amorphous front of films whose truth is known to the pixel.
#include "metamict/front.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

constexpr int rows = 360, cols = 420, surface = 70, base = 230;
constexpr double period = 10, chip = 40;

/// A bright cap, a film whose upper part is amorphous down to depth(x), a substrate half as bright.
struct Film {
  cv::Mat pixels, truth;  // truth: a Layer for every pixel
};

Film draw_film(const std::function<int(int)>& depth, double counts = 60) {
  const cv::Mat crystal = test::draw_lattice(
      {.rows = rows, .cols = cols, .period_px = period, .counts = counts, .seed = 5});
  const cv::Mat glass = test::draw_lattice({.rows = rows,
                                            .cols = cols,
                                            .period_px = period,
                                            .counts = counts,
                                            .amorphous_from = 0,
                                            .seed = 6});
  Film film{cv::Mat(rows, cols, CV_32F), cv::Mat(rows, cols, CV_8U)};
  const auto grey = cv::mean(crystal)[0], glass_grey = cv::mean(glass)[0];
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < cols; ++x) {
      const Layer layer = y < surface              ? Layer::cap
                          : y >= base              ? Layer::substrate
                          : y < surface + depth(x) ? Layer::amorphous
                                                   : Layer::film;
      film.truth.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(layer);
      const double bright = glass.at<float>(y, x) / glass_grey,
                   ordered = crystal.at<float>(y, x) / grey;
      film.pixels.at<float>(y, x) = static_cast<float>(layer == Layer::cap         ? 250 * bright
                                                       : layer == Layer::amorphous ? 75 * bright
                                                       : layer == Layer::film      ? 100 * ordered
                                                                                   : 50 * ordered);
    }
  return film;
}

/// Region labels as a graph gives them: the truth's borders, known to a chip's stride only.
cv::Mat coarse_labels(const cv::Mat& truth) {
  cv::Mat labels(truth.size(), CV_16U);
  const int step = static_cast<int>(chip / 4);
  for (int y = 0; y < truth.rows; ++y)
    for (int x = 0; x < truth.cols; ++x)
      labels.at<std::uint16_t>(y, x) =
          truth.at<std::uint8_t>(std::min(truth.rows - 1, (y / step) * step + step / 2),
                                 std::min(truth.cols - 1, (x / step) * step + step / 2));
  return labels;
}

std::vector<Region> regions_of(const cv::Mat& labels, const std::vector<double>& order) {
  std::vector<Region> regions(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    regions[i].label = static_cast<int>(i) + 1;
    regions[i].order = order[i];
    regions[i].area_px =
        static_cast<std::uint64_t>(cv::countNonZero(labels == static_cast<int>(i) + 1));
  }
  return regions;
}

const std::vector<double> order{
    0.0, 0.9, 0.8, 0.05};  // cap, film, substrate, amorphous: as the labels of the truth
const std::vector<Layer> layer_of_label{Layer::other, Layer::cap, Layer::film, Layer::substrate,
                                        Layer::amorphous};

Front measure(const Film& film, double growth_deg = 90) {
  const Micrograph micrograph = test::micrograph_of(film.pixels, 0.04);
  const cv::Mat labels = coarse_labels(film.truth);
  return measure_front({micrograph, labels, layer_of_label, {growth_deg, false}, chip, 0, {}});
}

int pocket(int x) { return x >= 130 && x < 270 ? 63 : 0; }

TEST(Front, IsMeasuredInRealProportionsWherePixelsAreNotSquare) {
  const Film film = draw_film(pocket);
  const Front square = measure(film);
  cv::Mat pixels, truth;
  cv::resize(film.pixels, pixels, {}, 0.5, 1, cv::INTER_AREA);  // pixels twice as wide as high
  cv::resize(coarse_labels(film.truth), truth, pixels.size(), 0, 0, cv::INTER_NEAREST_EXACT);
  Micrograph micrograph = test::micrograph_of(pixels, 0.04 * std::sqrt(2.0));
  micrograph.pixel_aspect = 0.5;
  const double chip_px = chip / std::sqrt(2.0);  // of squares of the same area
  const Front front =
      measure_front({micrograph, truth, layer_of_label, {90, false}, chip_px, 0, {}});
  EXPECT_EQ(front.layers.size(), pixels.size());
  EXPECT_NEAR(front.amorphous_fraction.value, square.amorphous_fraction.value, 0.02);
  const double nm = *micrograph.nm_per_pixel;
  EXPECT_NEAR(front.depth_max_px.value * nm, square.depth_max_px.value * 0.04, period * 0.04);
  ASSERT_FALSE(front.curve.empty());
  for (const FrontPoint& point : front.curve) {
    EXPECT_LE(point.surface_px.x, pixels.cols);
    EXPECT_NEAR(point.surface_px.y, surface, period) << "rows are where they were";
  }
}

TEST(Front, TheLastOfAThinFilmIsNotSubstrateWhereNoChipSeesItPure) {
  const int deep = 110, strip = 60;
  const Film film = draw_film([](int) { return deep; });
  cv::Mat labels = coarse_labels(film.truth);
  labels(cv::Rect(0, surface + deep, strip, base - surface - deep)).setTo(3);
  const Micrograph micrograph = test::micrograph_of(film.pixels, 0.04);
  const Front front = measure_front({micrograph, labels, layer_of_label, {90, false}, chip, 0, {}});
  for (const FrontPoint& point : front.curve) EXPECT_NEAR(point.interface_px.y, base - 0.5, period);
  const cv::Mat there =
      front.layers(cv::Rect(5, surface + deep + 20, strip - 10, base - surface - deep - 25));
  EXPECT_GT(cv::countNonZero(there == static_cast<int>(Layer::film)),
            0.9 * static_cast<double>(there.total()));
}

TEST(Front, WhatIsNoLayerEndsThePicture) {
  const Film film = draw_film(pocket);
  const cv::Range in_view(surface, rows);
  const cv::Mat pixels = film.pixels.rowRange(in_view), truth = film.truth.rowRange(in_view);
  const auto fraction = [&](int vacuum_rows, int strip_rows) {
    cv::Mat framed, labels;
    cv::copyMakeBorder(pixels, framed, vacuum_rows, strip_rows, 0, 0, cv::BORDER_CONSTANT, 0);
    cv::copyMakeBorder(coarse_labels(truth), labels, vacuum_rows, strip_rows, 0, 0,
                       cv::BORDER_CONSTANT, 5);
    std::vector<Layer> layers = layer_of_label;
    layers.push_back(Layer::other);
    const Micrograph micrograph = test::micrograph_of(framed, 0.04);
    return measure_front({micrograph, labels, layers, {90, false}, chip, 0, {}}).amorphous_fraction;
  };
  const double bare = fraction(0, 0).value;
  EXPECT_NEAR(bare, 140.0 * 63 / (cols * (base - surface)), 0.02);
  EXPECT_NEAR(fraction(40, 0).value, bare, 0.01) << "vacuum above";
  EXPECT_NEAR(fraction(0, 40).value, bare, 0.01) << "a strip below";
}

TEST(Front, TheRimIsInTheUncertainty) {
  const Front front = measure(draw_film(pocket));
  ASSERT_GT(front.partly_ordered_area_px.value, 0);
  EXPECT_GE(front.amorphous_fraction.uncertainty,
            front.partly_ordered_area_px.value / front.film_area_px.value / std::sqrt(12.0) - 1e-9);
}

TEST(Front, FindsAPocketToTheAccuracyOfHalfACellAndHalfAStride) {
  for (const double counts : {20.0, 200.0}) {
    const Film film = draw_film(pocket, counts);
    const Front front = measure(film);
    const double truth =
        static_cast<double>(cv::countNonZero(film.truth == 4)) / ((base - surface) * cols);
    EXPECT_NEAR(front.amorphous_fraction.value, truth, 0.02) << counts;
    double error = 0;
    for (const FrontPoint& point : front.curve)
      error += std::abs(point.depth_px - pocket(static_cast<int>(point.surface_px.x)));
    EXPECT_LT(error / static_cast<double>(front.curve.size()), period / 2 + chip / 8) << counts;
    EXPECT_NEAR(front.depth_max_px.value, 63, period);
    EXPECT_NEAR(front.film_area_px.value, (base - surface) * cols, 0.02 * (base - surface) * cols);
    EXPECT_NEAR(front.curve.front().surface_px.y, surface - 0.5, 2);
    EXPECT_NEAR(front.curve.front().interface_px.y, base - 0.5, 2);
  }
}

TEST(Front, AnUndamagedFilmHasNone) {
  const Front front = measure(draw_film([](int) { return 0; }));
  EXPECT_EQ(front.amorphous_fraction.value, 0);
  EXPECT_EQ(front.amorphous_area_px.value, 0);
  EXPECT_EQ(front.depth_max_px.value, 0);
  EXPECT_EQ(front.partly_ordered_area_px.value, 0);
}

TEST(Front, GlassThatTheGraphMissedIsSeenByItsPixels) {
  Film film = draw_film(pocket);
  const double seen = measure(film).amorphous_fraction.value;
  film.truth.setTo(2, film.truth == 4);
  EXPECT_NEAR(measure(film).amorphous_fraction.value, seen, 0.02);
}

TEST(Front, TurnedPicturesGiveTheSameFront) {
  const Film film = draw_film(pocket);
  const Front upright = measure(film);
  for (const auto& [code, growth] : {std::pair{cv::ROTATE_180, 270.0},
                                     {cv::ROTATE_90_CLOCKWISE, 0.0},
                                     {cv::ROTATE_90_COUNTERCLOCKWISE, 180.0}}) {
    Film turned;
    cv::rotate(film.pixels, turned.pixels, code);
    cv::rotate(film.truth, turned.truth, code);
    const cv::Mat labels = coarse_labels(turned.truth);
    const auto found = find_growth_direction(labels, regions_of(labels, order));
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->angle_deg, growth, 1.5) << "or a whole turn away";
    const Front front = measure(turned, growth);
    EXPECT_NEAR(front.amorphous_fraction.value, upright.amorphous_fraction.value, 0.01) << growth;
    EXPECT_NEAR(front.depth_max_px.value, upright.depth_max_px.value, 4) << growth;
  }
}

TEST(Front, LayersFollowFromOrderAndPlace) {
  const Film film = draw_film(pocket);
  const cv::Mat labels = coarse_labels(film.truth);
  EXPECT_EQ(find_layers(labels, regions_of(labels, order), {90, true}), layer_of_label);
  // Upside down there is a crystal on top and a glass below: no film on a substrate.
  EXPECT_THAT(find_layers(labels, regions_of(labels, order), {270, true}),
              testing::Each(Layer::other));
  // No cap was there before: what is disordered on top is film.
  cv::Mat bare = labels.clone();
  bare.setTo(4, bare == 1);
  EXPECT_EQ(find_layers(bare, regions_of(bare, order), {90, true}, {.has_cap = false})[4],
            Layer::amorphous);
}

TEST(Front, LayersFollowFromTheOtherImagesOfTheSeries) {
  const Film film = draw_film(pocket);
  const cv::Mat labels = coarse_labels(film.truth);
  const std::vector<Region> regions = regions_of(labels, order);
  const GrowthDirection up{90, true};
  // What lies on top looks otherwise than the cap did: the front has come up to the surface.
  EXPECT_EQ(
      find_layers(labels, regions, up, {.looks_like_cap = {false, false, false, false, false}})[1],
      Layer::amorphous);
  EXPECT_EQ(
      find_layers(labels, regions, up, {.looks_like_cap = {false, true, false, false, false}})[1],
      Layer::cap);
  // The lower edge is film where it looks like film, or where no image shows two ordered layers.
  const auto count = static_cast<std::size_t>(regions.size() + 1);
  EXPECT_THAT(find_layers(labels, regions, up, {.substrate_in_view = false}),
              testing::Not(testing::Contains(Layer::substrate)));
  std::vector<Layer> as_film =
      find_layers(labels, regions, up, {.looks_like_film = std::vector<bool>(count, true)});
  EXPECT_THAT(as_film, testing::Each(Layer::other)) << "a substrate is in view, but not here";
}

TEST(Front, TheSurfaceIsWhereOrderIsLess) {
  const cv::Mat labels = coarse_labels(draw_film(pocket).truth);
  const std::vector<Region> regions = regions_of(labels, order);
  const double up = order_below_surface(labels, regions, {90, true});
  EXPECT_GT(up, 0.5);
  EXPECT_NEAR(order_below_surface(labels, regions, {270, true}), -up, 1e-9);
}

TEST(Front, TheFilmsThicknessIsMeasuredInRealProportions) {
  const Front front = measure(draw_film([](int) { return 0; }));
  EXPECT_NEAR(film_thickness_px(front, 1).value_or(0), base - surface, 2);
  EXPECT_FALSE(film_thickness_px(Front{}, 1));
}

TEST(Front, GlassOfTheLimitIsSeenAndTheLimitIsFarBelowAChip) {
  const Front clean = measure(draw_film([](int) { return 0; }));
  ASSERT_TRUE(clean.limit_px);
  EXPECT_LE(*clean.limit_px, chip / 2);
  EXPECT_GE(*clean.limit_px, period / 2);
  Film film = draw_film([&](int) { return static_cast<int>(*clean.limit_px); });
  film.truth.setTo(2, film.truth == 4);  // the graph sees nothing of it
  EXPECT_NEAR(measure(film).depth_mean_px.value, *clean.limit_px, 0.5 * *clean.limit_px);
  // More noise hides more.
  const Front noisy = measure(draw_film([](int) { return 0; }, 1.5));
  EXPECT_GE(noisy.limit_px.value_or(chip), *clean.limit_px);
}

TEST(Front, TheLimitBelowAPocketIsThatOfMoreGlass) {
  const Front front = measure(draw_film(pocket));
  ASSERT_TRUE(front.limit_px);
  EXPECT_LE(*front.limit_px, chip);
}

/// Labels that give the upper rows of the glass to the cap, or the cap's lower rows to the glass.
cv::Mat labels_with_surface_at(const Film& film, int row) {
  cv::Mat labels = coarse_labels(film.truth);
  labels(cv::Rect(0, 0, cols, row)).setTo(1);
  if (row < surface) labels(cv::Rect(0, row, cols, surface - row)).setTo(4);
  return labels;
}

TEST(Front, TheFilmIsAsThickAsInOtherImages) {
  const Film film = draw_film([](int) { return 80; });
  const Micrograph micrograph = test::micrograph_of(film.pixels, 0.04);
  const double truth = 80.0 / (base - surface);
  for (const int row : {surface + 45, surface - 40}) {
    const cv::Mat labels = labels_with_surface_at(film, row);
    FrontInput input{micrograph, labels, layer_of_label, {90, false}, chip, 0, {}};
    const Front alone = measure_front(input);
    EXPECT_GT(std::abs(alone.amorphous_fraction.value - truth), 0.04) << row;
    input.film_thickness_px = base - surface;
    const Front held = measure_front(input);
    EXPECT_NEAR(held.amorphous_fraction.value, truth, 0.03) << row;
    EXPECT_NEAR(film_thickness_px(held, 1).value_or(0), base - surface, 3) << row;
    EXPECT_THAT(held.notes, testing::Contains(testing::HasSubstr("surface"))) << row;
  }
}

TEST(Front, APocketThatWentToTheCapComesBack) {
  const Film film = draw_film(pocket);
  const Micrograph micrograph = test::micrograph_of(film.pixels, 0.04);
  cv::Mat labels = coarse_labels(film.truth);
  labels.setTo(1, labels == 4);
  FrontInput input{micrograph, labels, layer_of_label, {90, false}, chip, 0, {}};
  const double truth = 140.0 * 63 / (cols * (base - surface));
  EXPECT_LT(measure_front(input).amorphous_fraction.value, truth / 2);
  input.film_thickness_px = base - surface;
  const Front held = measure_front(input);
  EXPECT_NEAR(held.amorphous_fraction.value, truth, 0.03);
  EXPECT_THAT(held.notes, testing::Contains(testing::HasSubstr("of the film the regions")));
}

TEST(Front, AThicknessThatNothingShowsMovesNoBorder) {
  // Another film: half as thick again, with every border where a step of grey is.
  const Film film = draw_film([](int) { return 80; });
  const Micrograph micrograph = test::micrograph_of(film.pixels, 0.04);
  const cv::Mat labels = coarse_labels(film.truth);
  FrontInput input{micrograph, labels, layer_of_label, {90, false}, chip, 0, {}};
  const Front alone = measure_front(input);
  input.film_thickness_px = 1.3 * (base - surface);
  const Front held = measure_front(input);
  EXPECT_EQ(held.amorphous_fraction.value, alone.amorphous_fraction.value);
  EXPECT_THAT(held.notes, testing::Not(testing::Contains(testing::HasSubstr("looked for"))));
}

TEST(Front, TheProfileSaysWhereOrderBegins) {
  const Front front = measure(draw_film([](int) { return 63; }));
  ASSERT_GT(front.profile.size(), 20U);
  for (std::size_t i = 1; i < front.profile.size(); ++i)
    EXPECT_NEAR(front.profile[i].depth_px - front.profile[i - 1].depth_px, period / 4, 0.2);
  double glass = 0, crystal = 0;
  for (const ProfilePoint& point : front.profile) {
    if (point.depth_px > 10 && point.depth_px < 50) glass = std::max(glass, point.lattice);
    if (point.depth_px > 80 && point.depth_px < 150) {
      crystal = crystal == 0 ? point.lattice : std::min(crystal, point.lattice);
      EXPECT_EQ(point.regions, 1) << point.depth_px;
    }
    if (point.depth_px < -5) {
      EXPECT_EQ(point.regions, 0) << point.depth_px;
    }
  }
  EXPECT_LT(glass, 0.3);
  EXPECT_GT(crystal, 0.8);
}

TEST(Front, OneRegionIsNoStackAndNoFilmIsAnError) {
  const cv::Mat one(64, 64, CV_16U, cv::Scalar(1));
  EXPECT_FALSE(find_growth_direction(one, regions_of(one, {0.9})));
  const Micrograph micrograph = test::micrograph_of(draw_film(pocket).pixels);
  const std::vector<Layer> none(2, Layer::other);
  EXPECT_THROW(measure_front(
                   {micrograph, cv::Mat(rows, cols, CV_16U, cv::Scalar(1)), none, {}, chip, 0, {}}),
               UsageError);
}

TEST(Front, ThePixelsOfEachLayerAreThoseOfTheTruth) {
  const Film film = draw_film(pocket);
  const Front front = measure(film);
  ASSERT_EQ(front.layers.size(), film.truth.size());
  for (const Layer layer : {Layer::cap, Layer::substrate, Layer::amorphous}) {
    const cv::Mat mine = front.layers == static_cast<int>(layer),
                  theirs = film.truth == static_cast<int>(layer);
    EXPECT_GT(static_cast<double>(cv::countNonZero(mine & theirs)),
              0.85 * cv::countNonZero(mine | theirs))
        << name_of(layer);
  }
}

}  // namespace
}  // namespace metamict
