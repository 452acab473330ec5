// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/forecast.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "base/parallel.hpp"
#include "base/stopwatch.hpp"
#include "encoder/probe.hpp"
#include "encoder/resnet/shared_pass.hpp"
#include "encoder/resnet/weights.hpp"
#include "graph/block_product.hpp"
#include "graph/chip_sample.hpp"
#include "rules/rules.hpp"

namespace metamict {

namespace {

// Operations of the network. One pass over an image shares them between chips.
constexpr double gflop_per_chip = 0.66;             // 64 px, chip by chip
constexpr double gflop_per_shared_megapixel = 515;  // of the canonical image
// How many times as fast as the product of matrices that is measured each part runs. Fitted to the
// seconds of run.json (docs/performance.md).
constexpr double speed_of_network = 1.0, speed_of_network_amx = 3.6;
constexpr double speed_of_scores = 0.55;
constexpr double gflop_per_rule = 1.6e-7;       // times the square of the chips in the graph
constexpr double gflop_per_input_pixel = 5e-5;  // reading, order, borders, pictures
constexpr double gflop_of_nested = 0.0131;  // times the chips to the power of 5/4; from the largest
                                            // exact graph on times the chips
constexpr double nested_without_looks = 0.55;   // of that
constexpr double start_s = 0.95;

}  // namespace

MachineSpeed measure_speed(int threads) {
  constexpr int edge = 256, features = 2048;
  constexpr double wanted_s = 0.15;
  const RowMatrixXf rows = RowMatrixXf::Constant(edge, features, 0.01F);
  std::vector<double> products(static_cast<std::size_t>(std::max(1, threads)), 0);
  const auto start = std::chrono::steady_clock::now();
  parallel_for(products.size(), threads, [&](std::size_t, std::size_t i) {
    std::vector<float> out(static_cast<std::size_t>(edge) * edge);
    while (seconds_since(start) < wanted_s) {
      block_products(rows, 0, edge, 0, edge, out.data());
      products[i] += 2.0 * edge * edge * features;
    }
  });
  double operations = 0;
  for (const double one : products) operations += one;
  return {operations / seconds_since(start) / 1e9};
}

double predicted_seconds(const Plan& plan, const SegmentOptions& options,
                         const EncoderShape& encoder, const MachineSpeed& speed) {
  const auto chips = static_cast<double>(plan.grid.chips()),
             nodes = static_cast<double>(plan.graph_chips);
  const bool shared = encoder.embedding == EmbeddingMode::shared && SharedResnet::fits(plan.grid) &&
                      options.normalise != Normalise::chip;
  const double network = shared ? gflop_per_shared_megapixel * 1e-6 * plan.grid.image_size.area()
                                : gflop_per_chip * chips;
  const bool amx = has_amx_bfloat16() && encoder.precision != Precision::float32;
  double gflop = network / (amx ? speed_of_network_amx : speed_of_network);
  gflop += nodes * nodes * encoder.features * 1e-9 / speed_of_scores;
  gflop +=
      2e-9 * (chips - nodes) * encoder.features * 8 / speed_of_scores;  // that join communities
  gflop += gflop_per_rule * nodes * nodes * static_cast<double>(options.rules.cuts.size());
  gflop += gflop_per_input_pixel * plan.grid.input_size.area();
  if (std::find(options.rules.cuts.begin(), options.rules.cuts.end(), "nested") !=
      options.rules.cuts.end())
    gflop += gflop_of_nested * chips *
             std::pow(std::min(chips, static_cast<double>(exact_chips)), 0.25) *
             (options.rules.looks.value_or(1) == 0 ? nested_without_looks : 1);
  gflop *= 1 + options.rules.looks.value_or(0);  // a fresh look is a run of the primary rule
  return start_s + gflop / std::max(speed.gflops, 1e-3);
}

}  // namespace metamict
