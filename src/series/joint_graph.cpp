// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/joint_graph.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "rules/rules.hpp"

namespace metamict {

void segment_jointly(std::vector<SegmentedImage>& images,
                     const std::function<RowMatrixXf(const SegmentedImage&)>& embeddings,
                     const SegmentOptions& options, Notes& notes, const Progress& progress) {
  std::string name = images.front().rule;
  if (parse_rule(name).derived != nullptr) {
    notes.push_back("the joint graph is cut at the mean: " + name +
                    " looks at one image's plane and cannot be applied to several images");
    name = "mean";
  }
  Eigen::Index chips = 0, features = images.front().embeddings_RD.cols();
  for (const SegmentedImage& image : images) chips += static_cast<Eigen::Index>(image.grid.chips());
  const std::uint64_t needed =
      predicted_graph_bytes(static_cast<std::size_t>(chips), static_cast<std::size_t>(features));
  if (options.resources.max_memory_bytes > 0 && options.resources.spill.empty() &&
      needed > options.resources.max_memory_bytes)
    throw ResourceError("one graph over " + std::to_string(chips) + " chips would need about " +
                        bytes_text(needed) + " of memory but " +
                        bytes_text(options.resources.max_memory_bytes) +
                        " may be used: give a larger --stride, --spill DIR, or leave out --joint");
  Embeddings all;
  all.rows_ND.resize(chips, features);
  Eigen::Index at = 0;
  for (const SegmentedImage& image : images) {
    const RowMatrixXf rows = embeddings(image);
    if (rows.rows() != static_cast<Eigen::Index>(image.grid.chips()) || rows.cols() != features)
      throw InputError(image.stem +
                       ": its embeddings do not fit the other images': run again with --overwrite");
    all.rows_ND.middleRows(at, rows.rows()) = rows;
    at += rows.rows();
  }
  const Similarity similarity = compare(all, options.similarity, options.resources, progress);
  const ChipGraph graph =
      link(similarity, choose_cut(similarity, parse_cut_rule(name), options.rules.mode_bins),
           options.rules.edge_weight);
  notes.insert(notes.end(), graph.notes.begin(), graph.notes.end());
  const Communities joint =
      find_communities(graph, options.communities, options.resources, progress);
  // One label is one community: its looks are those of the community over the whole series.
  std::map<int, Eigen::RowVectorXf> looks;
  for (Eigen::Index node = 0; node < chips; ++node) {
    auto& sum = looks[joint.community[static_cast<std::size_t>(node)]];
    if (sum.size() == 0) sum = Eigen::RowVectorXf::Zero(features);
    sum += all.rows_ND.row(node);
  }
  at = 0;
  for (SegmentedImage& image : images) {
    const auto count = static_cast<Eigen::Index>(image.grid.chips());
    Communities own;
    own.community.assign(joint.community.begin() + at, joint.community.begin() + at + count);
    own.node_stability.assign(joint.node_stability.begin() + at,
                              joint.node_stability.begin() + at + count);
    number_canonically(own.community);
    own.count = own.community.empty()
                    ? 0
                    : *std::max_element(own.community.begin(), own.community.end()) + 1;
    const LabelMap map = paint(image.grid, own, options.paint);
    image.labels = map.labels;
    image.rule = name;
    image.stability = own.node_stability;
    Micrograph frame;
    frame.pixels = cv::Mat(image.labels.size(), CV_32F, cv::Scalar(0));
    frame.nm_per_pixel = image.nm_per_pixel;
    frame.pixel_aspect = image.pixel_aspect;
    image.regions = measure_regions(frame, map, own, image.order);
    image.embeddings_RD.resize(static_cast<Eigen::Index>(image.regions.size()), features);
    image.label_of_chip.assign(image.grid.chips(), 0);
    for (Eigen::Index node = 0; node < count; ++node) {
      const auto i = static_cast<std::size_t>(node);
      const int label = map.label_of_community[static_cast<std::size_t>(own.community[i])];
      image.label_of_chip[i] = label;
      if (label > 0)
        image.embeddings_RD.row(label - 1) =
            looks[joint.community[static_cast<std::size_t>(at + node)]].normalized();
    }
    at += count;
  }
}

}  // namespace metamict
