// SPDX-License-Identifier: GPL-3.0-or-later
// Foretells how long an image will take on the machine at hand. A forecast never decides a result.
#pragma once

#include "metamict/plan.hpp"

namespace metamict {

/// How fast this machine is at what takes the time: products of matrices in float32.
struct MachineSpeed {
  double gflops = 0;  ///< 1e9 operations a second, on all threads
};

/// Takes about 0.2 s.
MachineSpeed measure_speed(int threads);

/// Seconds from a loaded encoder to the written report.
double predicted_seconds(const Plan& plan, const SegmentOptions& options,
                         const EncoderShape& encoder, const MachineSpeed& speed);

}  // namespace metamict
