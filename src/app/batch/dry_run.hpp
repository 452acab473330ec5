// SPDX-License-Identifier: GPL-3.0-or-later
// Says what a run would do, without an encoder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/process/console.hpp"
#include "app/process/log.hpp"
#include "metamict/plan.hpp"

namespace metamict::app {

struct DryImage {
  std::filesystem::path image, folder;
  LoadOptions load;
};

struct DryWords {
  std::string encoder, model;
  bool json = false;
};

/// As text it reads headers only, so that the answer comes at once. As JSON it measures the lattice
/// of each image, for the number of chips, memory and time. Returns the exit code.
int dry_run(const std::vector<DryImage>& images, const SegmentOptions& options,
            const EncoderShape& encoder, const DryWords& words, Console& console, Log& log);

}  // namespace metamict::app
