// SPDX-License-Identifier: GPL-3.0-or-later
// What is foretold of an image. The constants themselves are held to measured peaks by
// bench/memory.py; here is what must hold of any of them.
#include "metamict/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

Plan plan_of(int edge_px, const SegmentOptions& options = {}, const EncoderShape& encoder = {}) {
  SegmentOptions with = options;
  with.chips.chip_size_px = 64;
  Micrograph image;
  image.pixels = cv::Mat::zeros(edge_px, edge_px, CV_32F);
  return plan(image, with, encoder);
}

TEST(Plan, ForetellsAtLeastTheScoresAndTheEmbeddings) {
  for (const int edge_px : {256, 1024, 2048}) {
    const Plan planned = plan_of(edge_px);
    const double chips = static_cast<double>(planned.grid.chips());
    EXPECT_GT(static_cast<double>(planned.predicted_memory_bytes),
              2 * chips * chips + 4 * 2048 * chips)
        << edge_px;
  }
}

TEST(Plan, ForetellsMoreForWhatTakesMore) {
  const auto bytes = [](const SegmentOptions& options, const EncoderShape& encoder = {}) {
    return plan_of(2048, options, encoder).predicted_memory_bytes;
  };
  SegmentOptions cuts_only, four_threads, on_disk;
  cuts_only.rules.cuts = {"mean"};
  four_threads.resources.threads = 4;
  const test::TemporaryFolder folder;
  on_disk.resources.spill = folder.path();
  EXPECT_LT(bytes(cuts_only), bytes({})) << "nested keeps the scores of parts";
  EXPECT_GT(bytes(four_threads), bytes({})) << "each worker has its own memory";
  const auto chips = static_cast<double>(plan_of(2048).grid.chips());
  EXPECT_LT(static_cast<double>(bytes(on_disk)),
            static_cast<double>(bytes({})) - 2 * chips * chips);
  EXPECT_GT(bytes({}, {.embedding = EmbeddingMode::shared}), bytes({}));
  EXPECT_GT(bytes({}, {.precision = Precision::int8}), bytes({}));
  EXPECT_GT(plan_of(1024, {}, {.features = 512}).predicted_memory_bytes + (std::uint64_t{1} << 27),
            plan_of(1024).predicted_memory_bytes)
      << "another number of features is another network: LibTorch is loaded for it";
}

TEST(Plan, IsRefusedBeforeAnythingStartsWhereMemoryWouldNotDo) {
  const Plan planned = plan_of(1024);
  EXPECT_NO_THROW(check_memory(planned, {.max_memory_bytes = 0}));
  EXPECT_NO_THROW(check_memory(planned, {.max_memory_bytes = planned.predicted_memory_bytes}));
  try {
    check_memory(planned, {.max_memory_bytes = planned.predicted_memory_bytes - 1});
    FAIL() << "one byte too little";
  } catch (const ResourceError& error) {
    for (const char* cure : {"--stride", "--max-memory", "--spill"})
      EXPECT_THAT(error.what(), testing::HasSubstr(cure));
  }
}

TEST(SegmentOptions, AskEveryStageBeforeAnythingIsRead) {
  const auto refuses = [](const auto& spoil) {
    SegmentOptions options;
    spoil(options);
    EXPECT_THROW(options.check(), UsageError);
  };
  EXPECT_NO_THROW(SegmentOptions{}.check());
  refuses([](SegmentOptions& o) { o.load.frame = "last"; });
  refuses([](SegmentOptions& o) { o.chips.chip_size_px = 0.5; });
  refuses([](SegmentOptions& o) { o.chips.lattice_nm = -1; });
  refuses([](SegmentOptions& o) { o.chips.stride_px = 0; });
  refuses([](SegmentOptions& o) { o.rules.cuts = {}; });
  refuses([](SegmentOptions& o) { o.rules.cuts = {"mean", "mean"}; });
  refuses([](SegmentOptions& o) { o.rules.cuts = {"nestled"}; });
  refuses([](SegmentOptions& o) { o.rules.mode_bins = 0; });
  refuses([](SegmentOptions& o) { o.communities.resolution = 0; });
  refuses([](SegmentOptions& o) { o.paint.min_chips = 0; });
  refuses([](SegmentOptions& o) { o.resources.threads = 0; });
  refuses([](SegmentOptions& o) { o.resources.spill = "no/such/folder"; });
}

}  // namespace
}  // namespace metamict
