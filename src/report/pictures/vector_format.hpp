// SPDX-License-Identifier: GPL-3.0-or-later
// Kinds of files that hold a drawing as vectors.
#pragma once

namespace metamict {

enum class VectorFormat { svg, pdf };

}  // namespace metamict
