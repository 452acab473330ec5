// SPDX-License-Identifier: GPL-3.0-or-later
// Encoders opened through LibTorch, held against what Python makes of the same files. Few tests
// with much in each: every one is a process that loads LibTorch.
#include "metamict/encoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <Eigen/SVD>
#include <atomic>
#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/sha256.hpp"
#include "encoder/probe.hpp"
#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const fs::path script = fs::path(METAMICT_SOURCE_DIR) / "tests/torch/reference.py";

std::string run_script(const std::string& arguments) {
  const test::Ran ran =
      test::run_command(std::string(METAMICT_PYTHON) + " '" + script.string() + "' " + arguments);
  if (ran.status != 0) throw std::runtime_error(ran.err);
  return ran.out;
}

/// The models, made once for each version of the scripts; several test processes may come at the
/// same time.
const fs::path& models() {
  static const fs::path folder = [] {
    const fs::path wanted =
        fs::path(METAMICT_BUILD_DIR) /
        ("test-models-" + sha256_of_file(script).substr(0, 8) +
         sha256_of_file(fs::path(METAMICT_SOURCE_DIR) / "scripts/resnet50.py").substr(0, 8));
    if (fs::exists(wanted)) return wanted;
    const fs::path part = wanted.string() + "." + std::to_string(getpid());
    run_script("models '" + part.string() + "'");
    std::error_code another_was_faster;
    fs::rename(part, wanted, another_was_faster);
    if (another_was_faster) fs::remove_all(part);
    return wanted;
  }();
  return folder;
}

EncoderOptions options_for(const fs::path& model) {
  EncoderOptions options;
  options.model = model;
  options.device = "cpu";
  options.precision = Precision::float32;
  return options;
}

Micrograph image(int rows, int cols) {
  test::LatticeImage lattice;
  lattice.rows = rows, lattice.cols = cols, lattice.amorphous_from = 0.6;
  return standardise(test::micrograph_of(test::draw_lattice(lattice)));
}

ChipGrid grid_of(const Micrograph& micrograph, const Encoder& encoder, int stride_px) {
  return lay_grid(micrograph.pixels.size(), micrograph.input_size, encoder.identity().input_px,
                  stride_px);
}

RowMatrixXf features_by_python(const fs::path& model, const Micrograph& micrograph,
                               const ChipGrid& grid, int features) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "image", std::ios::binary)
      .write(reinterpret_cast<const char*>(micrograph.pixels.data),
             static_cast<std::streamsize>(micrograph.pixels.total() * sizeof(float)));
  run_script("features '" + model.string() + "' '" + (folder / "image").string() + "' " +
             std::to_string(micrograph.pixels.rows) + " " + std::to_string(micrograph.pixels.cols) +
             " " + std::to_string(grid.stride_px) + " '" + (folder / "out").string() + "'");
  const std::string bytes = test::slurp(folder / "out");
  RowMatrixXf rows(static_cast<Eigen::Index>(grid.chips()), features);
  EXPECT_EQ(bytes.size(), static_cast<std::size_t>(rows.size()) * sizeof(float));
  std::copy_n(reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float),
              rows.data());
  return rows;
}

template <class Wanted>
std::string refusal(const EncoderOptions& options) {
  try {
    open_encoder(options);
  } catch (const Wanted& error) {
    return error.what();
  }
  return "opened";
}

/// A copy of a model whose sidecar was changed.
fs::path changed(const std::string& name, const test::TemporaryFolder& folder,
                 const std::function<void(nlohmann::json&)>& change) {
  fs::copy_file(models() / (name + ".pt"), folder / (name + ".pt"),
                fs::copy_options::overwrite_existing);
  nlohmann::json card = nlohmann::json::parse(test::slurp(models() / (name + ".json")));
  change(card);
  std::ofstream(folder / (name + ".json")) << card;
  return folder / (name + ".pt");
}

fs::path changed_tiny(const test::TemporaryFolder& folder,
                      const std::function<void(nlohmann::json&)>& change) {
  return changed("tiny", folder, change);
}

TEST(TorchEncoder, AnyNetworkRepeatsPython) {
  EncoderOptions options = options_for(models() / "tiny.pt");
  const auto encoder = open_encoder(options);
  EXPECT_THAT(encoder->notes(), IsEmpty());
  EXPECT_THAT(encoder->identity().path, testing::StartsWith("LibTorch"));
  EXPECT_EQ(encoder->identity().precision, "float32");
  EXPECT_EQ(encoder->identity().device, "cpu");
  EXPECT_EQ(encoder->identity().name, "tiny");

  // 16 x 28 chips at an awkward stride: not a multiple of the batch, and the last row and column
  // are pulled in.
  const Micrograph micrograph = image(93, 151);
  const ChipGrid grid = grid_of(micrograph, *encoder, 5);
  ASSERT_NE(grid.chips() % 512, 0U);
  std::atomic<std::size_t> last{0};
  const RowMatrixXf found =
      encoder->encode(micrograph, grid, Normalise::image,
                      [&](std::string_view stage, std::size_t done, std::size_t total) {
                        EXPECT_EQ(stage, "embed");
                        EXPECT_EQ(total, grid.chips());
                        EXPECT_GT(done, last);
                        last = done;
                      });
  EXPECT_EQ(last, grid.chips());
  const RowMatrixXf expected = features_by_python(options.model, micrograph, grid, 12);
  EXPECT_LT((found - expected).cwiseAbs().maxCoeff(), 1e-5F * expected.maxCoeff());

  for (const int threads : {2, 5}) {
    options.threads = threads;
    const RowMatrixXf again = open_encoder(options)->encode(micrograph, grid, Normalise::image, {});
    EXPECT_TRUE((again.array() == found.array()).all())
        << "other bytes with " << threads << " threads";
  }

  ChipGrid one = grid;
  one.rows = one.cols = 1;
  EXPECT_LT((encoder->encode(micrograph, one, Normalise::image, {}) - expected.topRows(1))
                .cwiseAbs()
                .maxCoeff(),
            1e-5F * expected.maxCoeff());

  const auto interrupt = [](std::string_view, std::size_t, std::size_t) {
    throw Interrupted("enough");
  };
  EXPECT_THROW(encoder->encode(micrograph, grid, Normalise::image, interrupt), Interrupted);
}

TEST(TorchEncoder, AResNet50RunsWithoutTorchAndRepeatsPython) {
  EncoderOptions options = options_for(models() / "resnet.pt");
  const auto encoder = open_encoder(options);
  EXPECT_THAT(encoder->notes(), IsEmpty());
  EXPECT_EQ(encoder->identity().path, "oneDNN, checked against the features its sidecar records");
  const Micrograph micrograph = image(59, 70);
  const ChipGrid grid = grid_of(micrograph, *encoder, 13);
  const RowMatrixXf found = encoder->encode(micrograph, grid, Normalise::image, {});
  const RowMatrixXf expected = features_by_python(options.model, micrograph, grid, 2048);
  EXPECT_GT(worst_cosine(found, expected), 0.999999);
  EXPECT_LT((found - expected).cwiseAbs().maxCoeff(), 1e-4F * expected.maxCoeff());

  {
    const test::TemporaryFolder folder;
    EncoderOptions unrecorded = options;
    unrecorded.model = changed("resnet", folder, [](auto& card) { card.erase("probe"); });
    const auto checked = open_encoder(unrecorded);
    EXPECT_THAT(checked->identity().path, testing::StartsWith("oneDNN, checked against LibTorch"));
    EXPECT_TRUE(
        (checked->encode(micrograph, grid, Normalise::image, {}).array() == found.array()).all());
    // A record of another network is no reason to refuse this one: LibTorch is asked.
    unrecorded.model = changed("resnet", folder, [](auto& card) {
      std::swap(card["probe"]["features"][0], card["probe"]["features"][1]);
    });
    EXPECT_THAT(open_encoder(unrecorded)->identity().path,
                testing::StartsWith("oneDNN, checked against LibTorch"));
  }

  options.threads = 3;
  options.precision = Precision::bfloat16;
  const auto low = open_encoder(options);
  if (!has_bfloat16()) {
    EXPECT_THAT(low->notes(), testing::ElementsAre(HasSubstr("float32 is used")));
    return;
  }
  EXPECT_THAT(low->notes(), IsEmpty());
  EXPECT_EQ(low->identity().precision, "bfloat16");
  const RowMatrixXf rounded = low->encode(micrograph, grid, Normalise::image, {});
  EXPECT_GT(worst_cosine(rounded, expected), 0.99);
  EXPECT_FALSE((rounded.array() == found.array()).all());
  options.threads = 1;
  EXPECT_TRUE((open_encoder(options)->encode(micrograph, grid, Normalise::image, {}).array() ==
               rounded.array())
                  .all());
}

TEST(TorchEncoder, ANuisanceProjectionRunsWithoutTorchAndRepeatsPython) {
  EncoderOptions options = options_for(models() / "projected.pt");
  options.threads = 2;
  const auto encoder = open_encoder(options);
  EXPECT_EQ(encoder->identity().path, "oneDNN, checked against the features its sidecar records");
  const Micrograph micrograph = image(96, 128);
  const ChipGrid grid = grid_of(micrograph, *encoder, 16);
  const RowMatrixXf found = encoder->encode(micrograph, grid, Normalise::image, {});
  const RowMatrixXf expected = features_by_python(options.model, micrograph, grid, 2048);
  EXPECT_GT(worst_cosine(found, expected), 0.999999);

  // The same weights without the projection: both embeddings differ by it, and by nothing else.
  for (const EmbeddingMode mode : {EmbeddingMode::chip, EmbeddingMode::shared}) {
    EncoderOptions with = options, without = options_for(models() / "resnet.pt");
    with.embedding = without.embedding = mode;
    const RowMatrixXf taken = open_encoder(with)->encode(micrograph, grid, Normalise::image, {});
    const RowMatrixXf whole = open_encoder(without)->encode(micrograph, grid, Normalise::image, {});
    const RowMatrixXf difference = whole - taken;
    EXPECT_GT(difference.norm(), 0.01F * whole.norm());
    const Eigen::VectorXf strengths = Eigen::JacobiSVD<RowMatrixXf>(difference).singularValues();
    EXPECT_LT(strengths(5), 1e-4F * strengths(0));  // five directions
  }
}

TEST(TorchEncoder, BytesAreCalibratedOnTheImage) {
  EncoderOptions options = options_for(models() / "resnet.pt");
  const Micrograph micrograph = image(96, 128);
  const auto floats = open_encoder(options);
  const ChipGrid grid = grid_of(micrograph, *floats, 16);
  const RowMatrixXf expected = floats->encode(micrograph, grid, Normalise::image, {});

  options.precision = Precision::int8;
  const auto bytes = open_encoder(options);
  const RowMatrixXf found = bytes->encode(micrograph, grid, Normalise::image, {});
  if (!has_int8()) {
    EXPECT_THAT(bytes->notes(), testing::ElementsAre(HasSubstr("int8 is not supported")));
    return;
  }
  EXPECT_THAT(bytes->notes(), IsEmpty());
  EXPECT_EQ(bytes->identity().precision, "int8");
  EXPECT_THAT(bytes->identity().path, HasSubstr(" chips of the image (mean cosine with "));
  EXPECT_GT(worst_cosine(found, expected), 0.99);
  EXPECT_FALSE((found.array() == expected.array()).all());

  // The image alone decides, not the threads, nor what was embedded before it.
  options.threads = 3;
  const auto again = open_encoder(options);
  again->encode(image(64, 80), grid_of(image(64, 80), *again, 16), Normalise::chip, {});
  EXPECT_TRUE(
      (again->encode(micrograph, grid, Normalise::image, {}).array() == found.array()).all());

  options.embedding = EmbeddingMode::shared;
  const auto shared = open_encoder(options);
  shared->encode(micrograph, grid, Normalise::image, {});
  EXPECT_THAT(shared->notes(),
              testing::ElementsAre(HasSubstr("int8 is for chips embedded one by one")));
  EXPECT_NE(shared->identity().precision, "int8");
}

TEST(TorchEncoder, ANetworkThatOnlyLooksLikeAResNet50RunsThroughTorch) {
  const EncoderOptions options = options_for(models() / "impostor.pt");
  const auto encoder = open_encoder(options);
  EXPECT_THAT(encoder->identity().path, testing::StartsWith("LibTorch"));
  EXPECT_THAT(encoder->notes(), testing::ElementsAre(HasSubstr("not its features")));
  const Micrograph micrograph = image(64, 80);
  const ChipGrid grid = grid_of(micrograph, *encoder, 16);
  const RowMatrixXf found = encoder->encode(micrograph, grid, Normalise::image, {});
  EXPECT_GT(worst_cosine(found, features_by_python(options.model, micrograph, grid, 2048)),
            0.99999);
}

TEST(TorchEncoder, ModelsThatDoNotFitAreRefusedInOneSentence) {
  const test::TemporaryFolder folder;
  const auto refused = [&](const EncoderOptions& options) {
    const std::string sentence = refusal<ModelError>(options);
    EXPECT_THAT(sentence, AllOf(HasSubstr(options.model.string()), Not(HasSubstr("\n")),
                                Not(HasSubstr("frame #"))));
    EXPECT_LT(sentence.size(), 600U);
    return sentence;
  };
  EXPECT_THAT(refused(options_for(changed_tiny(folder, [](auto& card) { card["features"] = 13; }))),
              AllOf(HasSubstr("[2, 12]"), HasSubstr("[2, 13]")));

  EncoderOptions raising = options_for(models() / "raising.pt");
  EXPECT_THAT(refused(raising), HasSubstr("lists no SHA-256"));
  raising.trust = true;
  EXPECT_THAT(refused(raising), HasSubstr("failed on a batch of chips"));

  EncoderOptions options =
      options_for(changed_tiny(folder, [](auto& card) { card["sha256"] = std::string(64, 'a'); }));
  EXPECT_THAT(refused(options), HasSubstr("--trust-encoder"));
  options.trust = true;
  EXPECT_THAT(open_encoder(options)->notes(), testing::ElementsAre(HasSubstr("on trust")));
  fs::resize_file(options.model, fs::file_size(options.model) / 2);
  EXPECT_THAT(refused(options), HasSubstr("cannot be loaded as TorchScript"));
  fs::resize_file(options.model, 0);
  refused(options);

  options = options_for(models() / "tiny.pt");
  options.device = "gpu";
  EXPECT_THAT(refusal<UsageError>(options), HasSubstr("expected auto, cpu, cuda"));
  options.device = "cuda:99";
  EXPECT_THAT(refusal<UsageError>(options), HasSubstr("cuda:99"));
}

}  // namespace
}  // namespace metamict
