// SPDX-License-Identifier: GPL-3.0-or-later
// The whole program in process, with a fake encoder and a model folder of its own: what the app
// tests start from.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "app/process/signals.hpp"
#include "app/program.hpp"
#include "base/sha256.hpp"
#include "support/support.hpp"

namespace metamict::test {

/// NPY version 1, little-endian float32, C order.
inline std::string npy(const cv::Mat& pixels) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(pixels.rows) + ", " + std::to_string(pixels.cols) + "), }";
  header.resize((header.size() + 10 + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  for (int y = 0; y < pixels.rows; ++y)
    bytes.append(reinterpret_cast<const char*>(pixels.ptr<float>(y)),
                 4 * static_cast<std::size_t>(pixels.cols));
  return bytes;
}

/// A folder that goes with the test; `run` leaves what the program said in `out` and `err`.
class ProgramFixture : public testing::Test {
 protected:
  TemporaryFolder folder;
  std::string out, err;
  int opened = 0;  ///< how often an encoder was asked for

  void SetUp() override {
    app::stop_signal = 0;
    std::filesystem::create_directories(folder / "models");
    std::ofstream(folder / "models" / "metamict-resnet50.pt") << "not read by the fake encoder";
    const nlohmann::json sidecar = {{"schema", 1},
                                    {"name", "fake"},
                                    {"kind", "untrained"},
                                    {"input_px", 32},
                                    {"channels", 3},
                                    {"mean", {0, 0, 0}},
                                    {"std", {1, 1, 1}},
                                    {"features", 16},
                                    {"cells_per_chip", 4},
                                    {"weights_dtype", "float16"},
                                    {"provenance", "a test"},
                                    {"sha256", std::string(64, '0')}};
    std::ofstream(folder / "models" / "metamict-resnet50.json") << sidecar.dump();
    setenv("METAMICT_MODELS", (folder / "models").c_str(), 1);
  }
  void TearDown() override { app::stop_signal = 0; }

  void write(const std::string& name, const cv::Mat& pixels) const {
    std::ofstream(folder / name, std::ios::binary) << npy(pixels);
  }
  std::string path(const std::string& name) const { return (folder / name).string(); }

  int run(const std::vector<std::string>& arguments) {
    std::ostringstream out_stream, err_stream;
    const int code = app::run_program(
        arguments, {out_stream, err_stream, false, [this](const EncoderOptions& options) {
                      ++opened;
                      return fake_encoder(16, 32, sha256_of_file(options.model));
                    }});
    out = out_stream.str();
    err = err_stream.str();
    return code;
  }
};

}  // namespace metamict::test
