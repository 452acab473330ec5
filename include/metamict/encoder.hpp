// SPDX-License-Identifier: GPL-3.0-or-later
// An encoder turns chips into vectors of features. It is the only virtual class of the library:
// tests use a fake one, so that everything but the torch plug-in is built, tested and fuzzed
// without torch.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "metamict/chips.hpp"
#include "metamict/matrix.hpp"
#include "metamict/micrograph.hpp"
#include "metamict/progress.hpp"

namespace metamict {

/// What identifies an encoder. Every report holds it.
struct EncoderIdentity {
  std::string name;
  std::string sha256;         ///< of the TorchScript file, lower-case hex
  std::string kind;           ///< "trained", "untrained", "micronet", "fake", "other"
  std::string provenance;     ///< where the weights come from, one paragraph
  int features = 0;           ///< D
  int input_px = 0;           ///< edge of the square input
  double cells_per_chip = 4;  ///< lattice periods along a chip's edge that it was trained for
  std::string precision;      ///< "float32", "bfloat16", "int8", "float16"
  std::string device;         ///< "cpu", "cuda:0"
  std::string embedding;      ///< "chip" or "shared"
  std::string path;           ///< which implementation runs: "LibTorch", "oneDNN"
  std::string similarity = "minmax";  ///< "minmax" or "angle": the scale that its sidecar asks for
};

enum class Normalise { image, chip };

/// The wall seconds that an encoder took to start.
struct EncoderSeconds {
  double load = 0, warm_up = 0, check = 0;
};

/// How far beyond a chip's edge the image sways its features, in canonical pixels, and of what the
/// place of a window in the image must be a multiple, so that the window's chips have the features
/// that they have in the image.
struct Reach {
  int px = 0, step_px = 1;
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  virtual EncoderIdentity identity() const = 0;
  int features() const { return identity().features; }

  /// Returns the raw features of every chip, N x D in node order, not yet of unit length.
  /// `canonical` is standardised and at the encoder's scale, and grid.size_px equals
  /// identity().input_px. Throws ModelError.
  virtual RowMatrixXf encode(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise,
                             const Progress& progress) = 0;

  /// 0 where every chip is embedded by itself.
  virtual Reach reach(const ChipGrid& /*grid*/, Normalise /*normalise*/) const { return {}; }

  /// The decisions taken while loading ("bfloat16 is not supported by this processor: float32 is
  /// used"), and those for the image encoded last.
  virtual Notes notes() const { return {}; }
  virtual EncoderSeconds seconds() const { return {}; }
};

/// Copies one chip, row by row, into chip_px * chip_px floats. Normalise::chip gives it mean 0 and
/// standard deviation 1; a constant chip becomes all zeros.
void gather_chip(const cv::Mat& pixels, const cv::Rect& chip, Normalise normalise, float* out);

enum class Precision { automatic, float32, bfloat16, int8 };
enum class EmbeddingMode { automatic, chip, shared };

/// How an encoder is opened. Input shape and normalisation come from the sidecar beside the model.
struct EncoderOptions {
  std::filesystem::path
      model;  ///< a TorchScript file; its sidecar is the same name ending in .json
  std::string device = "auto";  ///< "auto", "cpu", "cuda", "cuda:N"
  Precision precision = Precision::automatic;
  EmbeddingMode embedding = EmbeddingMode::automatic;
  int threads = 1;     ///< workers
  bool trust = false;  ///< load a model whose hash its sidecar does not list (a model file is code)
};

/// Opens a TorchScript encoder. A ResNet50 runs on the processor without LibTorch. Any other module
/// loads the torch plug-in. Throws ModelError for a missing file or plug-in, a hash that is not the
/// sidecar's, or a wrong output shape.
std::unique_ptr<Encoder> open_encoder(const EncoderOptions& options);

}  // namespace metamict
