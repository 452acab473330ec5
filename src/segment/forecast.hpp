// SPDX-License-Identifier: GPL-3.0-or-later
// Foretells how long an image will take on the machine at hand. A forecast never decides a result.
#pragma once

#include "metamict/plan.hpp"

namespace metamict {

/// How fast this machine is at what takes the time.
struct MachineSpeed {
  double gflops = 0;  ///< 1e9 operations a second of float32 matrix products, on all threads
  double plain = 0;   ///< the same of simple loops: products may have instructions of their own
};

/// Takes about 0.25 s.
MachineSpeed measure_speed(int threads);

/// Seconds from a loaded encoder to the written report.
double predicted_seconds(const Plan& plan, const SegmentOptions& options,
                         const EncoderShape& encoder, const MachineSpeed& speed);

}  // namespace metamict
