// SPDX-License-Identifier: GPL-3.0-or-later
// A program of somebody else's: reads an image with the installed library, embeds it with an
// encoder of its own, and prints the regions. consumer IMAGE
#include <cmath>
#include <iostream>
#include <metamict/errors.hpp>
#include <metamict/pipeline.hpp>

namespace {

/// Mean, spread and roughness of a chip: a poor encoder, but one's own.
class PlainEncoder : public metamict::Encoder {
 public:
  metamict::EncoderIdentity identity() const override {
    metamict::EncoderIdentity me;
    me.name = "plain", me.kind = "other", me.features = 3, me.input_px = 64,
    me.precision = "float32", me.device = "cpu", me.embedding = "chip";
    return me;
  }

  metamict::RowMatrixXf encode(const metamict::Micrograph& canonical,
                               const metamict::ChipGrid& grid, metamict::Normalise,
                               const metamict::Progress&) override {
    metamict::RowMatrixXf rows(static_cast<Eigen::Index>(grid.chips()), 3);
    for (std::size_t node = 0; node < grid.chips(); ++node) {
      const cv::Mat chip = canonical.pixels(grid.chip(node));
      cv::Scalar mean, spread;
      cv::meanStdDev(chip, mean, spread);
      const double rough = cv::norm(chip.colRange(1, chip.cols), chip.colRange(0, chip.cols - 1)) /
                           std::sqrt(static_cast<double>(chip.total()));
      rows.row(static_cast<Eigen::Index>(node)) << static_cast<float>(mean[0] + 3),
          static_cast<float>(spread[0]), static_cast<float>(rough);
    }
    return rows;
  }
};

}  // namespace

int main(int argc, char** argv) try {
  PlainEncoder encoder;
  metamict::SegmentOptions options;
  options.rules.cuts = {"mean"};
  options.rules.primary = "mean";
  const metamict::Result result =
      metamict::segment(std::filesystem::path(argc > 1 ? argv[1] : "none"), encoder, options);
  for (const metamict::Region& region : result.rules.front().regions)
    std::cout << region.label << ' ' << region.area_px << '\n';
} catch (const metamict::InputError& error) {
  std::cerr << "input: " << error.what() << '\n';
  return 3;
}
