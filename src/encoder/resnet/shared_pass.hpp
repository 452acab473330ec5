// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a ResNet50 once over the whole micrograph and pools a window for each chip, so that
// overlapping chips share convolutions. It is not an approximation of the embedding chip by chip,
// but another embedding: the border of a chip sees its neighbours, where the paper's sees zeros.
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
  /// The micrograph is worked on in tiles of about tile_px, whose size does not change the
  /// features. The weights are packed into `store`, which must outlive this object and sets the
  /// number of threads.
  SharedResnet(PackedWeights& store, std::shared_ptr<const FoldedResnet> weights,
               const InputScale& scale, int tile_px = 512);

  /// How far around a chip the network looks, at most, and the step of its coarsest map.
  static constexpr int reach_px = 256, step_px = 32;

  /// Whether every chip is a window of the network's map: its size is a multiple of 32 px and the
  /// stride one of 16 px. The last row and column, which are moved in to the edge, take the nearest
  /// window.
  static bool fits(const ChipGrid& grid) {
    return grid.size_px % 32 == 0 && grid.stride_px % 16 == 0;
  }

  /// Returns the features of every chip in node order: the mean of the last stage over the chip's
  /// cells, as many as it has by itself. Cells of the last stage are 32 px apart. It runs four
  /// times, from row 0 or 1 and column 0 or 1 of the map before it, so that there is a cell every
  /// 16 px.
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
  /// Runs the work that `prepare` makes of each piece in one of the workers.
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
