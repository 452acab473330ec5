// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/memory_plan.hpp"

#include <algorithm>
#include <cmath>

#include "encoder/resnet/weights.hpp"

namespace metamict {
namespace {

// Measured on the default encoder, see docs/performance.md; bench/memory.py says when they are no longer so.
constexpr double mebibyte = 1 << 20;
constexpr double loading = 265 * mebibyte;       // while the encoder is being opened
constexpr double resident = 219 * mebibyte;      // program and packed weights from then on
constexpr double libtorch = 195 * mebibyte;      // on top of both where the module runs through it
constexpr double on_bytes = 110 * mebibyte;      // weights in float32 and packed once more
constexpr double shared = 130 * mebibyte;        // likewise
constexpr double shared_worker = 50 * mebibyte;  // maps of a tile
constexpr double shared_bytes_per_pixel = 24;    // of the canonical image: the maps every 8 and every 16 px
constexpr double writing = 20 * mebibyte;        // pictures and tables at work
constexpr double bytes_per_input_pixel = 10;     // the micrograph and its standardised copy
constexpr double bytes_per_canonical_pixel = 8;  // the micrograph at the encoder's scale
constexpr double nested_base = 45 * mebibyte;    // its borders' maps, and the other rules beside it
constexpr double nested_share = 0.3;             // of the scores: those of the largest part that `nested` looks into
constexpr double nested_share_at_once = 0.75;  // where it looks into parts side by side, and other rules run beside it
constexpr std::size_t few_chips = 16384;

}  // namespace

int at_once(std::size_t chips, int threads) { return chips <= few_chips ? threads : 1; }

std::uint64_t predict_memory(const ChipGrid& grid, int features, const SegmentOptions& options) {
  const auto chips = static_cast<double>(grid.chips());
  const bool nested = std::find(options.cuts.begin(), options.cuts.end(), "nested") != options.cuts.end();
  const double images =
      bytes_per_input_pixel * grid.input_size.area() + bytes_per_canonical_pixel * grid.image_size.area();
  const double scores = 2 * chips * chips;
  auto graph = static_cast<double>(predicted_graph_bytes(grid.chips(), static_cast<std::size_t>(features)));
  const int threads = options.communities.threads, together = at_once(grid.chips(), threads);
  const int rules = std::min(static_cast<int>(options.cuts.size()), together);
  graph +=
      16 * std::pow(chips, 1.5) * (rules * std::min(options.communities.runs, threads) - 1);  // for each further worker
  if (nested) graph += nested_base;
  if (!options.similarity.spill.empty())
    graph -= scores;
  else if (nested)
    graph += (together > 1 ? nested_share_at_once : nested_share) * scores;
  // A ResNet50's weights are read without LibTorch; by their features other modules are told from it before they are
  // open.
  const double library = features == resnet50_features ? 0.0 : libtorch;
  double encoder = options.precision == Precision::int8 ? on_bytes : 0.0;
  if (options.embedding == EmbeddingMode::shared)
    encoder = shared + shared_worker * threads + shared_bytes_per_pixel * grid.image_size.area();
  return static_cast<std::uint64_t>(library + std::max(loading, resident + encoder + images + graph + writing));
}

}  // namespace metamict
