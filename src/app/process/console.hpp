// SPDX-License-Identifier: GPL-3.0-or-later
// Holds what connects a run with the outside: its streams, and where it gets its encoder.
#pragma once

#include <functional>
#include <memory>
#include <ostream>

#include "app/process/trust.hpp"
#include "metamict/encoder.hpp"

namespace metamict::app {

using OpenEncoder = std::function<std::unique_ptr<Encoder>(const EncoderOptions&)>;

/// Where a run writes and how it gets its encoder.
struct Console {
  std::ostream& out;      ///< only what was asked for
  std::ostream& err;      ///< log and progress
  bool terminal = false;  ///< err is a terminal: colours and a progress bar
  OpenEncoder open_encoder = open_trusted_encoder;
};

}  // namespace metamict::app
