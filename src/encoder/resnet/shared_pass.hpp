// SPDX-License-Identifier: GPL-3.0-or-later
// One pass of a ResNet50 over a whole micrograph, from which every chip's window is pooled: overlapping chips share
// their convolutions. Another embedding than chip by chip, not an approximation of it: a chip's border sees its
// neighbours where the paper's sees zeros.
#pragma once

#include <Eigen/Core>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "encoder/resnet/stage.hpp"
#include "metamict/chips.hpp"
#include "metamict/encoder.hpp"

namespace metamict {

class SharedResnet {
 public:
  /// The micrograph is worked on in tiles of about tile_px; what they are does not change the features.
  /// Weights are packed into a store that outlives it; it works with as many threads as that.
  SharedResnet(PackedWeights& store, std::shared_ptr<const FoldedResnet> weights, const InputScale& scale,
               int tile_px = 512);

  /// Whether every chip is a window of the network's map: chips of whole 32 px, every 16 px (the last row and column,
  /// pulled in to the edge, take the nearest window).
  static bool fits(const ChipGrid& grid) { return grid.size_px % 32 == 0 && grid.stride_px % 16 == 0; }

  /// Features of every chip, in node order: the mean of the last stage over the chip's cells, which are those that a
  /// chip by itself has. The last stage is done four times, on the map before it from row and column 0 or 1, so that
  /// cells 32 px apart lie every 16 px.
  RowMatrixXf encode(const cv::Mat& pixels, const ChipGrid& grid, const Progress& progress);

 private:
  class Reporter;
  struct Map;
  struct Head {  // everything up to the second stage
    Stem stem;
    Stage stage1, stage2;
  };
  const Head& head(long h, long w);
  const Stage& stage(std::size_t index, const MapShape& in);
  /// Runs what `prepare` makes of each piece, in one of the workers.
  template <class Piece>
  void run_part(const std::vector<Piece>& pieces, Reporter& reporter, double share,
                const std::function<std::function<void(Workspace&)>(const Piece&)>& prepare);
  Map second_map(const cv::Mat& pixels, Reporter& reporter);
  Map third_map(Map& second, Reporter& reporter);
  void pool_windows(Map& third, const ChipGrid& grid, Reporter& reporter, RowMatrixXf& rows_ND);

  PackedWeights& store_;
  std::shared_ptr<const FoldedResnet> weights_;
  InputScale scale_;
  long tile_px_;
  std::map<std::pair<long, long>, Head> heads_;  // by height and width of a tile
  std::map<std::array<long, 3>, Stage> stages_;  // by number, height and width
  std::vector<std::unique_ptr<Workspace>> workspaces_;
};

}  // namespace metamict
