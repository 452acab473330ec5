// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/plan.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/parallel.hpp"
#include "base/text.hpp"
#include "encoder/probe.hpp"
#include "encoder/resnet/shared_pass.hpp"
#include "encoder/resnet/weights.hpp"
#include "graph/chip_sample.hpp"
#include "graph/reduced_embeddings.hpp"
#include "metamict/errors.hpp"
#include "metamict/sidecar.hpp"
#include "rules/rules.hpp"

namespace metamict {
namespace {

// These were measured with the default encoder (docs/performance.md). bench/memory.py says when
// they no longer hold.
constexpr double mebibyte = 1 << 20;
constexpr double loading = 265 * mebibyte;       // while the encoder is being opened
constexpr double resident = 219 * mebibyte;      // program and packed weights from then on
constexpr double libtorch = 195 * mebibyte;      // on top of both where the module runs through it
constexpr double on_bytes = 110 * mebibyte;      // weights in float32 and packed once more
constexpr double shared = 130 * mebibyte;        // the same, for the shared pass
constexpr double shared_worker = 50 * mebibyte;  // maps of a tile
constexpr double winograd = 170 * mebibyte;      // its weights, where that pass is on floats
constexpr double winograd_worker = 50 * mebibyte;
constexpr double shared_bytes_per_pixel =
    24;  // of the canonical image: the maps every 8 and every 16 px
constexpr double writing = 20 * mebibyte;        // pictures and tables at work
constexpr double bytes_per_input_pixel = 10;     // the micrograph and its standardised copy
constexpr double bytes_per_canonical_pixel = 8;  // the micrograph at the encoder's scale
constexpr double nested_base = 45 * mebibyte;    // its borders' maps, and the other rules beside it
constexpr double spectrum_bytes = 1400;          // of a chip, for `nested`
constexpr double nested_share =
    0.3;  // of the scores: those of the largest part that `nested` looks into
constexpr double nested_share_at_once =
    0.75;  // where it looks into parts side by side, and other rules run beside it

// Of an image whose graph is one over a sample.
constexpr double labels_bytes_per_input_pixel = 12;  // maps of the rules, and what draws borders
constexpr double border_worker = 130 * mebibyte;     // maps around one part of a border
constexpr double scores_at_once = 1.5;               // of a sample, of each worker

/// How many chips the graph has. It follows from their number, and from a limit of memory that the
/// user gives, never from the machine.
std::size_t graph_chips_of(std::size_t chips, GraphKind kind, bool fits) {
  const bool sample =
      kind == GraphKind::sample || (kind == GraphKind::automatic && (chips > exact_chips || !fits));
  return sample ? std::min(chips, sample_chips) : chips;
}

/// What an encoder that was opened for the shared pass holds. Where that pass is not possible it
/// keeps the weights for it all the same.
struct SharedNetwork {
  double bytes = shared;
  double bytes_per_pixel = 0;  ///< of the canonical image, while it is at work
};

SharedNetwork shared_network(const ChipGrid& grid, const SegmentOptions& options,
                             const EncoderShape& encoder) {
  SharedNetwork network;
  if (!SharedResnet::fits(grid) || options.normalise == Normalise::chip) return network;
  const int threads = options.resources.threads;
  network.bytes += shared_worker * threads;
  network.bytes_per_pixel = shared_bytes_per_pixel;
  const bool floats = encoder.precision == Precision::float32 ||
                      (encoder.precision != Precision::bfloat16 && !has_amx_bfloat16());
  if (floats) {
    network.bytes += winograd + winograd_worker * threads;
    network.bytes_per_pixel *= 2;
  }
  return network;
}

/// Of an image whose graph is one over a sample, what lies above the network: the more of what the
/// embedding of a band takes, and of what communities and borders take afterwards.
double predict_large(const ChipGrid& grid, std::size_t graph_chips, const SegmentOptions& options,
                     const EncoderShape& encoder, double network_bytes_per_pixel) {
  const auto chips = static_cast<double>(grid.chips()), nodes = static_cast<double>(graph_chips);
  const double pixels = grid.input_size.area(), canonical = grid.image_size.area();
  const double images = sizeof(float) * (pixels + canonical);
  const double kept = std::min(kept_directions, encoder.features) * sizeof(float) * chips;
  // The last map of the shared pass stays while the features of a band are pooled.
  constexpr double last_map = 1 / 3.;
  const double in_band = std::min(1.0, static_cast<double>(chips_a_band) / chips);
  const double maps = network_bytes_per_pixel * canonical * in_band;
  const double features = sizeof(float) * encoder.features * chips * in_band;
  const double embedding = kept + std::max(maps, last_map * maps + features);
  const int threads = options.resources.threads;
  const double communities = 2 * kept + 2 * nodes * nodes * scores_at_once * threads +
                             labels_bytes_per_input_pixel * pixels + border_worker * threads;
  return images + std::max(embedding, communities);
}

/// The stride at the encoder's scale, in whole pixels.
int canonical_stride_px(std::optional<double> stride_px, const ChipSize& chip, int encoder_px,
                        Notes& notes) {
  if (!stride_px) return std::max(1, encoder_px / 4);
  if (*stride_px > chip.size_px)
    throw UsageError("stride is " + number(*stride_px) + " px but a chip is only " +
                     number(chip.size_px) + " px: give a stride of at most the chip size");
  const double wanted = *stride_px * encoder_px / chip.size_px;
  const int stride = std::max(1, static_cast<int>(std::lround(wanted)));
  if (std::abs(stride - wanted) > 0.01 * wanted)
    notes.push_back("stride is " + number(stride * chip.size_px / encoder_px) + " px, not " +
                    number(*stride_px) +
                    " px: it is a whole number of pixels at the encoder's scale");
  return stride;
}

/// Predicts the peak memory of the whole process: program, encoder, pixels, embeddings, scores,
/// communities, writing. It must be within +-15 % of what bench/memory.py measures. Scores on disk
/// (--spill) are left out: the system can take their pages back.
std::uint64_t predict_memory(const ChipGrid& grid, std::size_t graph_chips,
                             const SegmentOptions& options, const EncoderShape& encoder,
                             bool has_maps) {
  // A ResNet50's weights are read without LibTorch. A module with another number of features is no
  // ResNet50 and runs through it.
  const double library = encoder.features == resnet50_features ? 0.0 : libtorch;
  SharedNetwork network{encoder.precision == Precision::int8 ? on_bytes : 0.0, 0};
  if (encoder.embedding == EmbeddingMode::shared) network = shared_network(grid, options, encoder);
  const auto whole = [&](double rest) {
    return static_cast<std::uint64_t>(library +
                                      std::max(loading, resident + network.bytes + rest + writing));
  };
  if (graph_chips < grid.chips() && !has_maps)
    return whole(predict_large(grid, graph_chips, options, encoder, network.bytes_per_pixel));
  const auto chips = static_cast<double>(graph_chips);
  const std::vector<Rule> all = parse_rules(options.rules.cuts);
  const bool parts = std::any_of(all.begin(), all.end(),
                                 [](const Rule& r) { return r.derived && r.derived->keeps_parts; });
  const double images = bytes_per_input_pixel * grid.input_size.area() +
                        bytes_per_canonical_pixel * grid.image_size.area();
  const double scores = 2 * chips * chips;
  auto graph = static_cast<double>(
      predicted_graph_bytes(graph_chips, static_cast<std::size_t>(encoder.features)));
  // Embeddings and spectra of the chips that are not in the graph.
  graph += static_cast<double>(grid.chips() - graph_chips) *
           (4.0 * encoder.features + (parts ? spectrum_bytes : 0));
  // What both witnesses say together, and the scores of each of them alone.
  if (has_maps && options.similarity.evidence.value_or(Evidence::both) != Evidence::image)
    graph += 4.0 * encoder.features * static_cast<double>(grid.chips()) + 2 * scores;
  const int threads = options.resources.threads, together = at_once(graph_chips, threads);
  const int rules = std::min(static_cast<int>(all.size()), together);
  graph += 16 * std::pow(chips, 1.5) *
           (rules * std::min(options.communities.runs, threads) - 1);  // for each further worker
  if (parts) graph += nested_base;
  if (!options.resources.spill.empty())
    graph -= scores;
  else if (parts &&
           chosen_scale(options.similarity.scale, encoder.similarity) == SimilarityScale::angle)
    graph += scores;  // once more, of the cosine
  else if (parts)
    graph += (together > 1 ? nested_share_at_once : nested_share) * scores;
  return whole(network.bytes_per_pixel * grid.image_size.area() + images + graph);
}

}  // namespace

EncoderShape shape_of(const Sidecar& sidecar, const EncoderOptions& options) {
  return {sidecar.input_px,       sidecar.features,
          sidecar.cells_per_chip, chosen_embedding(options.embedding, sidecar),
          options.precision,      sidecar.similarity};
}

EncoderShape shape_of(const EncoderIdentity& identity) {
  return {identity.input_px,
          identity.features,
          identity.cells_per_chip,
          identity.embedding == "shared" ? EmbeddingMode::shared : EmbeddingMode::chip,
          identity.precision == "int8" ? Precision::int8 : Precision::automatic,
          identity.similarity};
}

Plan plan(const Micrograph& micrograph, const SegmentOptions& options,
          const EncoderShape& encoder) {
  Plan result;
  result.chip_size = choose_chip_size(micrograph, options.chips, encoder.cells_per_chip,
                                      options.resources.threads);
  result.notes = result.chip_size.notes;
  const double factor = encoder.input_px / result.chip_size.size_px;
  const int stride = canonical_stride_px(options.chips.stride_px, result.chip_size,
                                         encoder.input_px, result.notes);
  const cv::Size input = micrograph.pixels.size();
  const cv::Point2d factors = factor * to_square_pixels(micrograph.pixel_aspect);
  const cv::Size scaled(static_cast<int>(std::lround(input.width * factors.x)),
                        static_cast<int>(std::lround(input.height * factors.y)));
  result.grid = lay_grid(scaled, input, encoder.input_px, stride);
  result.stride_px = stride / factor;
  const std::size_t chips = result.grid.chips();
  const Resources& resources = options.resources;
  const bool has_maps = micrograph.maps != nullptr;
  const bool fits =
      !resources.memory_is_given || resources.max_memory_bytes == 0 ||
      predict_memory(result.grid, chips, options, encoder, has_maps) <= resources.max_memory_bytes;
  result.graph_chips = graph_chips_of(chips, options.rules.graph, fits);
  result.predicted_memory_bytes =
      predict_memory(result.grid, result.graph_chips, options, encoder, has_maps);
  return result;
}

void check_memory(const Plan& planned, const Resources& resources) {
  const std::uint64_t limit = resources.max_memory_bytes;
  if (limit == 0 || planned.predicted_memory_bytes <= limit) return;
  throw ResourceError(
      std::to_string(planned.grid.chips()) + " chips would need about " +
      bytes_text(planned.predicted_memory_bytes) + " of memory but " + bytes_text(limit) +
      " may be used: give a larger --stride (now " + number(planned.stride_px) +
      " px) or a larger --max-memory" +
      (resources.spill.empty() ? ", or --spill DIR to keep the scores on disk" : ""));
}

}  // namespace metamict
