// SPDX-License-Identifier: GPL-3.0-or-later
// Few-shot from other images: what the points of a table show there.
#pragma once

#include "metamict/encoder.hpp"
#include "metamict/segment_options.hpp"
#include "rules/rule_arguments.hpp"

namespace metamict {

/// Embeds the chips under the points of --prototypes that lie in other images than `mine`, each
/// image at its own lattice's scale. An image is looked for as it is named, beside the table and
/// beside `mine`; a stem will do. Throws InputError with the table's line where it is not there.
std::vector<ShownClass> shown_by_other_images(const Micrograph& mine, Encoder& encoder,
                                              const SegmentOptions& options);

}  // namespace metamict
