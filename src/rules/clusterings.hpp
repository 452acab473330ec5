// SPDX-License-Identifier: GPL-3.0-or-later
// The other ways in which people cluster chips, for comparison on the same embeddings.
#pragma once

#include "metamict/communities.hpp"
#include "metamict/resources.hpp"
#include "rules/rule_arguments.hpp"
#include "rules/scene.hpp"

namespace metamict {

/// k-means on the 32 first principal components of the embeddings (as Wang et al. 2021 on local
/// spectra), the best of `runs` starts. auto: the number from 2 to 10 with the largest mean
/// silhouette over a sample; 1 where none reaches 0.25.
Communities cluster_by_kmeans(const Scene& scene, const RuleArguments& arguments,
                              const CommunityOptions& options, const Resources& resources);

/// Spectral clustering: k-means on the rows of the first eigenvectors of the scores' normalised
/// Laplacian (Ng, Jordan and Weiss 2002; deep spectral methods, Melas-Kyriazi et al. 2022). auto:
/// the number from 2 to 10 with the largest gap to the next eigenvalue.
Communities cluster_by_spectrum(const Scene& scene, const RuleArguments& arguments,
                                const CommunityOptions& options, const Resources& resources);

/// Agglomerative clustering with average linkage of the scores, on a sample of at most 4,000 chips;
/// the others join. auto: the number from 2 to 10 before the largest drop of the linkage.
Communities cluster_by_merging(const Scene& scene, const RuleArguments& arguments,
                               const CommunityOptions& options, const Resources& resources);

/// DeepCut (Aflalo et al. 2023): a small graph network that is trained on the graph of this image,
/// on at most 2,000 chips; the others join. With a number of groups its loss is the normalised cut
/// of the scores above their mean. auto: correlation clustering of the scores less their mean,
/// which needs no number; it finds at most 10. Needs the LibTorch plug-in; throws ModelError
/// without.
Communities cluster_by_network(const Scene& scene, const RuleArguments& arguments,
                               const CommunityOptions& options, const Resources& resources);

/// Felzenszwalb and Huttenlocher's graph of pixels (2004) on the grey, smoothed over half a period.
/// A chip takes the segment that most of its inner half shows. It needs no embeddings.
Communities cluster_by_grey(const Scene& scene, const RuleArguments& arguments,
                            const CommunityOptions& options, const Resources& resources);

}  // namespace metamict
