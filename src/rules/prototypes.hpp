// SPDX-License-Identifier: GPL-3.0-or-later
// Few-shot: classes that the user shows by points or strokes (Akers et al. 2021, pyCHIP).
#pragma once

#include "metamict/communities.hpp"
#include "rules/rule_arguments.hpp"
#include "rules/scene.hpp"

namespace metamict {

/// Gives each chip the class whose mean embedding it is most alike to. The chips under the points
/// or strokes are the support; a chip lies under a point that is in its inner half, and under a
/// stroke that covers its centre. A chip is unknown, -1, where its angle to every class is wider
/// than half the least angle between two classes, and than one and a half times the widest angle
/// within any support. Classes keep their names. Throws UsageError where the file cannot be read,
/// InputError where no point lies in the image or a class has no chip.
Communities classify_by_prototypes(const Scene& scene, const RuleArguments& arguments, int threads);

}  // namespace metamict
