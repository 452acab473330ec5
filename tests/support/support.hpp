// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "metamict/encoder.hpp"
#include "metamict/micrograph.hpp"

namespace metamict::test {

/// A fresh folder under the system's temporary folder, removed with everything in it at the end of
/// the scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A lattice image: Gaussian columns on a (maybe rotated) lattice over a background, with Poisson
/// noise.
struct LatticeImage {
  int rows = 256, cols = 256;
  double period_px = 16;
  double angle_deg = 0;
  bool hexagonal = false;  ///< period_px is then the row spacing d10
  double counts = 50;      ///< mean electrons a pixel; 0 = no noise
  double amorphous_from =
      1.0;  ///< fraction of the width from which on there is no lattice, only speckle
  std::uint64_t seed = 1;
};
cv::Mat draw_lattice(const LatticeImage& options);  ///< CV_32FC1

Micrograph micrograph_of(const cv::Mat& pixels, std::optional<double> nm_per_pixel = {});

/// An encoder without torch: features are fixed, seeded, smooth functions of simple statistics of
/// the chip (mean, spread, gradients, a few Fourier powers), so that like textures embed alike.
std::unique_ptr<Encoder> fake_encoder(int features = 32, int input_px = 64,
                                      std::string sha256 = std::string(64, '0'));

/// The folder of real microscope files: $METAMICT_REAL_DATA, or ../shared/real beside the project;
/// empty when absent.
std::optional<std::filesystem::path> real_data();

/// Runs a command through the shell; its exit status, standard output and standard error.
struct Ran {
  int status;
  std::string out, err;
};
Ran run_command(const std::string& command);

/// A file's bytes.
std::string slurp(const std::filesystem::path& path);

}  // namespace metamict::test
