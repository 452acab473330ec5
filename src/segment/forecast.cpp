// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/forecast.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
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
constexpr double speed_of_network = 1.0, speed_of_network_amx = 3.6,
                 speed_of_shared_network = 1.6;  // Winograd's algorithm saves multiplications
constexpr double speed_of_scores = 0.55;
// What is no product of matrices was fitted in units of a product on a machine where this was the
// ratio of the two speeds.
constexpr double product_over_plain = 5.1;
constexpr double gflop_per_rule = 1.6e-7;       // times the square of the chips in the graph
constexpr double gflop_per_input_pixel = 5e-5;  // reading, order, borders, pictures
constexpr double gflop_of_nested = 0.0131;  // times the chips to the power of 5/4; from the largest
                                            // exact graph on times the chips
constexpr double nested_without_looks = 0.55;  // of that
constexpr double start_s = 0.95;

}  // namespace

MachineSpeed measure_speed(int threads) {
  constexpr int edge = 256, features = 2048;
  constexpr double wanted_s = 0.15, wanted_plain_s = 0.05;
  const RowMatrixXf rows = RowMatrixXf::Constant(edge, features, 0.01F);
  std::vector<double> products(static_cast<std::size_t>(std::max(1, threads)), 0), loops = products;
  const auto start = std::chrono::steady_clock::now();
  parallel_for(products.size(), threads, [&](std::size_t, std::size_t i) {
    std::vector<float> out(static_cast<std::size_t>(edge) * edge);
    while (seconds_since(start) < wanted_s) {
      block_products(rows, 0, edge, 0, edge, out.data());
      products[i] += 2.0 * edge * edge * features;
    }
  });
  const double products_s = seconds_since(start);
  const auto middle = std::chrono::steady_clock::now();
  parallel_for(loops.size(), threads, [&](std::size_t, std::size_t i) {
    std::vector<float> values(4096, 1.0F);
    volatile float seen = 0;  // without it the compiler would leave the loop out
    while (seconds_since(middle) < wanted_plain_s) {
      for (int round = 0; round < 64; ++round)
        for (float& value : values) value = 0.999F * value + 0.002F;
      seen = values.front();
      loops[i] += 2.0 * 64 * static_cast<double>(values.size());
    }
    static_cast<void>(seen);
  });
  const auto sum = [](const std::vector<double>& ones) {
    return std::accumulate(ones.begin(), ones.end(), 0.0);
  };
  return {sum(products) / products_s / 1e9, sum(loops) / seconds_since(middle) / 1e9};
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
  double gflop = network / (amx      ? speed_of_network_amx
                            : shared ? speed_of_shared_network
                                     : speed_of_network);
  gflop += nodes * nodes * encoder.features * 1e-9 / speed_of_scores;
  gflop +=
      2e-9 * (chips - nodes) * encoder.features * 8 / speed_of_scores;  // that join communities
  double plain = gflop_per_rule * nodes * nodes * static_cast<double>(options.rules.cuts.size());
  plain += gflop_per_input_pixel * plan.grid.input_size.area();
  if (std::find(options.rules.cuts.begin(), options.rules.cuts.end(), "nested") !=
      options.rules.cuts.end())
    plain += gflop_of_nested * chips *
             std::pow(std::min(chips, static_cast<double>(exact_chips)), 0.25) *
             (options.rules.looks.value_or(1) == 0 ? nested_without_looks : 1);
  const double runs = 1 + options.rules.looks.value_or(0);  // a fresh look is a run of the rule
  return start_s + runs * (gflop / std::max(speed.gflops, 1e-3) +
                           plain / std::max(product_over_plain * speed.plain, 1e-3));
}

}  // namespace metamict
