// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/resnet/shared_pass.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <mutex>

#include "base/parallel.hpp"

namespace metamict {

namespace {

// How far, in cells of a part's own map, the zeros around a tile reach into it: those cells are a
// neighbour's to give.
constexpr long halo_of_second = 6, halo_of_third = 6, halo_of_fourth = 3;

/// One axis of a tile, in cells of the map it makes: what it covers, and which part of that is
/// valid.
struct Span {
  long first, length, keep, keep_end;
};

struct Tile {
  Span y, x;
};

/// Cuts `cells` into equal spans of about `wanted`. Each overlaps the next by at least twice the
/// halo.
std::vector<Span> cut(long cells, long wanted, long halo) {
  const long n =
      std::max(1L, std::lround(static_cast<double>(cells) / static_cast<double>(wanted)));
  const long length = (cells + 2 * halo * (n - 1) + n - 1) / n;
  if (n == 1 || length >= cells) return {{0, cells, 0, cells}};
  std::vector<Span> spans;
  const auto first = [&](long i) { return i * (cells - length) / (n - 1); };
  for (long i = 0; i < n; ++i) {
    const long keep = spans.empty() ? 0 : spans.back().keep_end;
    spans.push_back(
        {first(i), length, keep, i == n - 1 ? cells : (first(i + 1) + first(i) + length) / 2});
  }
  return spans;
}

std::vector<Tile> tiles_of(const std::vector<Span>& rows, const std::vector<Span>& cols) {
  std::vector<Tile> tiles;
  for (const Span& y : rows)
    for (const Span& x : cols) tiles.push_back({y, x});
  return tiles;
}

long eighth(long px) { return strided(strided(strided(px, 2), 2), 2); }

/// Copies a rectangle of h x w pixels between maps with the same channels.
struct Corner {
  std::byte* pixel;
  long map_w;
};
void copy_pixels(Corner from, Corner to, Window size, std::size_t pixel_bytes) {
  for (long y = 0; y < size.h; ++y)
    std::memcpy(to.pixel + static_cast<std::size_t>(y * to.map_w) * pixel_bytes,
                from.pixel + static_cast<std::size_t>(y * from.map_w) * pixel_bytes,
                static_cast<std::size_t>(size.w) * pixel_bytes);
}

/// The window of the map every 16 px that is nearest to a chip's first row or column.
long window_of(int chip_px) { return (chip_px + 7) / 16; }

}  // namespace

struct SharedResnet::Map {
  MapShape shape;
  std::size_t number_bytes;
  Buffer buffer;

  Map(const MapShape& size, Number number) : shape(size), number_bytes(size_of(number)) {
    buffer.at_least(size.values() * number_bytes);
  }
  std::size_t pixel_bytes() const { return static_cast<std::size_t>(shape.c) * number_bytes; }
  std::byte* pixel(long y, long x) {
    return buffer.at_least(0) + static_cast<std::size_t>(y * shape.w + x) * pixel_bytes();
  }

  /// Copies the valid part of a tile.
  void keep(std::byte* tile, const Tile& where) {
    const std::size_t skipped = static_cast<std::size_t>(
        (where.y.keep - where.y.first) * where.x.length + where.x.keep - where.x.first);
    copy_pixels({tile + skipped * pixel_bytes(), where.x.length},
                {pixel(where.y.keep, where.x.keep), shape.w},
                {where.y.keep_end - where.y.keep, where.x.keep_end - where.x.keep}, pixel_bytes());
  }
};

/// Reports the progress of the three parts in chips. Their shares are those of their
/// multiplications at 1024² px.
class SharedResnet::Reporter {
 public:
  Reporter(const Progress& progress, std::size_t chips) : progress_(progress), chips_(chips) {}
  void begin_part(double share, std::size_t pieces) { each_ = share / static_cast<double>(pieces); }
  void piece_done() {
    const std::lock_guard lock(mutex_);
    done_ += each_;
    if (progress_)
      progress_("embed",
                std::min(chips_, static_cast<std::size_t>(
                                     std::llround(done_ * static_cast<double>(chips_)))),
                chips_);
  }

 private:
  const Progress& progress_;
  std::size_t chips_;
  double each_ = 0, done_ = 0;
  std::mutex mutex_;
};

SharedResnet::SharedResnet(PackedWeights& store, std::shared_ptr<const FoldedResnet> weights,
                           const InputScale& scale, int tile_px)
    : store_(store), weights_(std::move(weights)), scale_(scale), tile_px_(tile_px) {}

const SharedResnet::Head& SharedResnet::head(long h, long w) {
  const auto found = heads_.find({h, w});
  if (found != heads_.end()) return found->second;
  Stem stem(store_, weights_->stem, scale_, h, w);
  constexpr bool winograd = true;
  Stage stage1(store_, weights_->stages[0], stem.out(), winograd);
  Stage stage2(store_, weights_->stages[1], stage1.out(), winograd);
  return heads_
      .emplace(std::pair{h, w}, Head{std::move(stem), std::move(stage1), std::move(stage2)})
      .first->second;
}

const Stage& SharedResnet::stage(std::size_t index, const MapShape& in) {
  const std::array<long, 3> key = {static_cast<long>(index), in.h, in.w};
  const auto found = stages_.find(key);
  if (found != stages_.end()) return found->second;
  constexpr bool winograd = true;
  return stages_.emplace(key, Stage(store_, weights_->stages[index], in, winograd)).first->second;
}

template <class Piece>
void SharedResnet::run_part(
    const std::vector<Piece>& pieces, Reporter& reporter, double share,
    const std::function<std::function<void(Workspace&)>(const Piece&)>& prepare) {
  std::vector<std::function<void(Workspace&)>> ready;
  for (const Piece& piece : pieces) ready.push_back(prepare(piece));
  reporter.begin_part(share, pieces.size());
  while (workspaces_.size() < static_cast<std::size_t>(std::max(1, store_.threads())))
    workspaces_.push_back(std::make_unique<Workspace>(store_.engine()));
  parallel_for(pieces.size(), store_.threads(), [&](std::size_t worker, std::size_t i) {
    ready[i](*workspaces_[worker]);
    reporter.piece_done();
  });
}

SharedResnet::Map SharedResnet::second_map(const cv::Mat& pixels, Reporter& reporter) {
  Map map({1, eighth(pixels.rows), eighth(pixels.cols), 512}, store_.number());
  const auto tiles = tiles_of(cut(map.shape.h, tile_px_ / 8, halo_of_second),
                              cut(map.shape.w, tile_px_ / 8, halo_of_second));
  run_part<Tile>(tiles, reporter, 0.3, [&](const Tile& tile) {
    const long y = tile.y.first * 8, x = tile.x.first * 8;
    const Head& program = head(std::min(tile.y.length * 8, pixels.rows - y),
                               std::min(tile.x.length * 8, pixels.cols - x));
    Frame frame;
    frame.image = pixels.ptr<float>(static_cast<int>(y)) + x;
    frame.step = static_cast<std::ptrdiff_t>(pixels.step1());
    frame.top = std::max(0L, Stem::margin - y);
    frame.left = std::max(0L, Stem::margin - x);
    frame.bottom = std::min(program.stem.frame_h(), Stem::margin + pixels.rows - y);
    frame.right = std::min(program.stem.frame_w(), Stem::margin + pixels.cols - x);
    return [&map, &program, frame, tile](Workspace& space) {
      std::byte* pooled = space.maps[0].at_least(program.stem.out().values() * map.number_bytes);
      std::byte* first = space.maps[1].at_least(program.stage1.out().values() * map.number_bytes);
      std::byte* second = space.maps[2].at_least(program.stage2.out().values() * map.number_bytes);
      program.stem.run(space, frame, pooled);
      program.stage1.run(space, pooled, first);
      program.stage2.run(space, first, second);
      map.keep(second, tile);
    };
  });
  return map;
}

SharedResnet::Map SharedResnet::third_map(Map& second, Reporter& reporter) {
  Map map({1, strided(second.shape.h, 2), strided(second.shape.w, 2), 1024}, store_.number());
  // Bands are used because the halo is large, and tiles along a second axis would pay for it again.
  const auto tiles = tiles_of(cut(map.shape.h, tile_px_ / 16, halo_of_third),
                              cut(map.shape.w, tile_px_ / 4, halo_of_third));
  run_part<Tile>(tiles, reporter, 0.25, [&](const Tile& tile) {
    const long y = tile.y.first * 2, x = tile.x.first * 2;
    const MapShape in{1, std::min(tile.y.length * 2, second.shape.h - y),
                      std::min(tile.x.length * 2, second.shape.w - x), 512};
    const Stage& program = stage(2, in);
    return [&map, &second, &program, in, tile, y, x](Workspace& space) {
      std::byte* from = space.maps[2].at_least(in.values() * map.number_bytes);
      std::byte* to = space.maps[3].at_least(program.out().values() * map.number_bytes);
      copy_pixels({second.pixel(y, x), second.shape.w}, {from, in.w}, {in.h, in.w},
                  second.pixel_bytes());
      program.run(space, from, to);
      map.keep(to, tile);
    };
  });
  return map;
}

void SharedResnet::pool_windows(Map& third, const ChipGrid& grid, Reporter& reporter,
                                RowMatrixXf& rows_ND) {
  struct Piece {
    Tile tile;
    long y, x;  // where the last stage's input begins: its phase
  };
  const long cells = grid.size_px / 32;
  std::vector<Piece> pieces;
  for (const long y : {0, 1})
    for (const long x : {0, 1}) {
      const auto rows =
          cut(strided(third.shape.h - y, 2), tile_px_ / 16, halo_of_fourth + cells - 1);
      const auto cols =
          cut(strided(third.shape.w - x, 2), tile_px_ / 16, halo_of_fourth + cells - 1);
      for (const Tile& tile : tiles_of(rows, cols)) pieces.push_back({tile, y, x});
    }
  run_part<Piece>(pieces, reporter, 0.45, [&](const Piece& piece) {
    const long y = piece.y + piece.tile.y.first * 2, x = piece.x + piece.tile.x.first * 2;
    const MapShape in{1, std::min(piece.tile.y.length * 2, third.shape.h - y),
                      std::min(piece.tile.x.length * 2, third.shape.w - x), 1024};
    const Stage& program = stage(3, in);
    return [&third, &program, &rows_ND, &grid, this, in, piece, y, x, cells](Workspace& space) {
      std::byte* from = space.maps[3].at_least(in.values() * third.number_bytes);
      std::byte* map = space.maps[4].at_least(program.out().values() * third.number_bytes);
      copy_pixels({third.pixel(y, x), third.shape.w}, {from, in.w}, {in.h, in.w},
                  third.pixel_bytes());
      program.run(space, from, map);
      const auto inside = [](long window, long phase, const Span& span) {
        return window % 2 == phase && window / 2 >= span.keep && window / 2 < span.keep_end;
      };
      for (int chip_row = 0; chip_row < grid.rows; ++chip_row) {
        const long row = window_of(grid.chip(grid.node(chip_row, 0)).y);
        if (!inside(row, piece.y, piece.tile.y)) continue;
        for (int chip_col = 0; chip_col < grid.cols; ++chip_col) {
          const std::size_t node = grid.node(chip_row, chip_col);
          const long col = window_of(grid.chip(node).x);
          if (!inside(col, piece.x, piece.tile.x)) continue;
          const long at =
              (row / 2 - piece.tile.y.first) * program.out().w + col / 2 - piece.tile.x.first;
          mean_over_window(
              map + static_cast<std::size_t>(at * program.out().c) * third.number_bytes,
              program.out(), {cells, cells}, store_.number(),
              rows_ND.row(static_cast<Eigen::Index>(node)).data());
        }
      }
    };
  });
}

RowMatrixXf SharedResnet::encode(const cv::Mat& pixels, const ChipGrid& grid,
                                 const Progress& progress) {
  Reporter reporter(progress, grid.chips());
  Map second = second_map(pixels, reporter);
  Map third = third_map(second, reporter);
  second = Map({}, store_.number());  // its memory is as large as the features'
  RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), resnet50_features);
  pool_windows(third, grid, reporter, rows_ND);
  return rows_ND;
}

}  // namespace metamict
