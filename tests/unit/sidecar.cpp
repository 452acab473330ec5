// SPDX-License-Identifier: GPL-3.0-or-later
// What stands beside a model is checked before anything touches the model.
#include "metamict/sidecar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/sha256.hpp"
#include "encoder/probe.hpp"
#include "metamict/encoder.hpp"
#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

using testing::HasSubstr;

class SidecarTest : public testing::Test {
 protected:
  SidecarTest() : model(folder / "net.pt") {
    std::ofstream(model) << "not a network";
    card = {{"schema", 1},
            {"name", "net"},
            {"kind", "untrained"},
            {"provenance", "a test"},
            {"input_px", 64},
            {"channels", 3},
            {"features", 2048},
            {"cells_per_chip", 4.5},
            {"mean", {0.1, 0.2, 0}},
            {"std", {1, 2, 0.5}},
            {"sha256", sha256_of_file(model)},
            {"anything", "else"}};
  }

  void write() const { std::ofstream(folder / "net.json") << card; }

  /// The sentence with which the card is refused.
  std::string refusal() const {
    write();
    try {
      read_sidecar(model);
    } catch (const ModelError& error) {
      return error.what();
    }
    return "accepted";
  }

  test::TemporaryFolder folder;
  std::filesystem::path model;
  nlohmann::json card;
};

TEST_F(SidecarTest, EveryFieldArrives) {
  write();
  const Sidecar sidecar = read_sidecar(model);
  EXPECT_EQ(sidecar.name, "net");
  EXPECT_EQ(sidecar.kind, "untrained");
  EXPECT_EQ(sidecar.provenance, "a test");
  EXPECT_EQ(sidecar.input_px, 64);
  EXPECT_EQ(sidecar.features, 2048);
  EXPECT_EQ(sidecar.cells_per_chip, 4.5);
  EXPECT_EQ(sidecar.mean, (std::array<float, 3>{0.1F, 0.2F, 0}));
  EXPECT_EQ(sidecar.std, (std::array<float, 3>{1, 2, 0.5F}));
  EXPECT_EQ(sidecar.sha256, card["sha256"]);
  EXPECT_EQ(sidecar.embedding, "chip");  // a module that says nothing is run as the paper does
  EXPECT_EQ(sidecar.similarity, "minmax");
  EXPECT_EQ(chosen_embedding(EmbeddingMode::automatic, sidecar), EmbeddingMode::chip);
}

TEST_F(SidecarTest, SaysWhatTheEncoderWasTrainedFor) {
  card["embedding"] = "shared";
  card["similarity"] = "angle";
  write();
  const Sidecar sidecar = read_sidecar(model);
  EXPECT_EQ(sidecar.similarity, "angle");
  EXPECT_EQ(chosen_embedding(EmbeddingMode::automatic, sidecar), EmbeddingMode::shared);
  EXPECT_EQ(chosen_embedding(EmbeddingMode::chip, sidecar), EmbeddingMode::chip);
}

TEST_F(SidecarTest, EveryRequiredFieldIsMissedByName) {
  const nlohmann::json whole = card;
  for (const char* key : {"name", "kind", "provenance", "input_px", "channels", "features",
                          "cells_per_chip", "mean", "std", "sha256"}) {
    card = whole;
    card.erase(key);
    EXPECT_THAT(refusal(), HasSubstr("net.json: \"" + std::string(key) + "\" is missing"));
    card[key] = nlohmann::json::object();  // of no use as a value of any field
    EXPECT_THAT(refusal(), HasSubstr("net.json: \"" + std::string(key) + "\" is {}"));
  }
}

TEST_F(SidecarTest, ValuesOutsideTheirRangeAreRefused) {
  const nlohmann::json whole = card;
  const std::vector<std::pair<const char*, nlohmann::json>> wrong = {
      {"input_px", 0},       {"input_px", 64.5}, {"input_px", 1e9},     {"features", -1},
      {"channels", 1},       {"std", {1, 0, 1}}, {"std", {1, 1}},       {"mean", {0, 0, 0, 0}},
      {"cells_per_chip", 0}, {"sha256", "ABC"},  {"embedding", "both"}, {"embedding", 1},
      {"similarity", "raw"}};
  for (const auto& [key, value] : wrong) {
    card = whole;
    card[key] = value;
    EXPECT_THAT(refusal(), HasSubstr("net.json: \"" + std::string(key) + "\" is ")) << value;
  }
}

TEST_F(SidecarTest, MissingFilesAreNamed) {
  EXPECT_THROW(read_sidecar(model), ModelError);  // no card yet
  EXPECT_THAT(([&] {
                try {
                  read_sidecar(folder / "other.pt");
                } catch (const ModelError& e) {
                  return std::string(e.what());
                }
                return std::string();
              })(),
              HasSubstr("other.pt: no such model file"));
  std::ofstream(folder / "net.json") << "{\"name\": ";
  EXPECT_THROW(read_sidecar(model), ModelError);
}

TEST_F(SidecarTest, AFileThatIsNotTheOneListedIsNotOpened) {
  card["sha256"] = std::string(64, '0');
  write();
  EncoderOptions options;
  options.model = model;
  try {
    open_encoder(options);
    FAIL() << "opened";
  } catch (const ModelError& error) {
    EXPECT_THAT(error.what(),
                testing::AllOf(HasSubstr(sha256_of_file(model)), HasSubstr("--trust-encoder")));
  }
}

TEST(Device, IsParsed) {
  EXPECT_EQ(parse_device("auto").kind, DeviceKind::automatic);
  EXPECT_EQ(parse_device("cpu").kind, DeviceKind::cpu);
  EXPECT_EQ(parse_device("cuda").kind, DeviceKind::cuda);
  EXPECT_EQ(parse_device("cuda:3").index, 3);
  for (const char* wrong : {"", "gpu", "cuda:", "cuda:-1", "cuda:1x", "CPU", "cuda:4000000000"})
    EXPECT_THROW(parse_device(wrong), UsageError) << wrong;
}

TEST(Probe, ChipsVaryAndRepeat) {
  const auto chips = probe_chips(16, 2);
  EXPECT_EQ(chips.size(), 2U * 16 * 16);
  EXPECT_EQ(chips, probe_chips(16, 2));
  EXPECT_NE(std::vector<float>(chips.begin(), chips.begin() + 256),
            std::vector<float>(chips.begin() + 256, chips.end()));
}

TEST(Cosine, IsTheWorstOverRows) {
  RowMatrixXf a(2, 2), b(2, 2);
  a << 1, 0, 1, 1;
  b << 2, 0, 1, 0;
  EXPECT_NEAR(worst_cosine(a, b), std::sqrt(0.5), 1e-7);
  b.row(0).setZero();
  EXPECT_EQ(worst_cosine(a, b), -1);
}

}  // namespace
}  // namespace metamict
