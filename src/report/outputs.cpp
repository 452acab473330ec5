// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/outputs.hpp"

#include <algorithm>
#include <functional>
#include <future>
#include <numeric>
#include <tuple>

#include "base/gzip.hpp"
#include "base/run_all.hpp"
#include "base/text.hpp"
#include "metamict/series_input.hpp"
#include "report/composition_numbers.hpp"
#include "report/files/chips_csv.hpp"
#include "report/files/graphml.hpp"
#include "report/files/hspy.hpp"
#include "report/files/json_report.hpp"
#include "report/files/label_tiff.hpp"
#include "report/files/npy.hpp"
#include "report/pages/composition_section.hpp"
#include "report/pages/html_report.hpp"
#include "report/pictures/chip_map.hpp"
#include "report/pictures/graph_layout.hpp"
#include "report/pictures/graph_plot.hpp"
#include "report/pictures/overlay.hpp"
#include "report/pictures/similarity_plot.hpp"
#include "report/pictures/thumbnails.hpp"
#include "report/report_folder.hpp"

namespace metamict {

namespace {

constexpr std::uint64_t full_graph_edges = 1'000'000;  // about 70 bytes each; no viewer opens more
constexpr int drawn_neighbours = 8;

bool writes_full_graph(const ChipGraph& graph, GraphmlMode mode) {
  return mode == GraphmlMode::full ||
         (mode == GraphmlMode::automatic && graph.edges <= full_graph_edges);
}

/// Nothing degrades silently: said before the reports are written, which repeat the notes.
void note_backbones(Result& result, GraphmlMode mode) {
  if (mode != GraphmlMode::automatic) return;
  std::string rules;
  for (const RuleResult& rule : result.rules)
    if (rule.graph && !writes_full_graph(*rule.graph, mode))
      rules += (rules.empty() ? "" : ", ") + rule.name + " (" + with_thousands(rule.graph->edges) +
               " edges)";
  if (rules.empty()) return;
  result.notes.push_back(
      "graph.graphml holds only a backbone (mutual nearest neighbours and a maximum spanning "
      "forest) of " +
      rules + ": --graphml full writes every edge");
}

void note_many_communities(Result& result) {
  for (const RuleResult& rule : result.rules)
    if (rule.communities.count > reported_communities)
      result.notes.push_back(rule.name + ": report.json gives the mean scores between the " +
                             std::to_string(reported_communities) + " largest of " +
                             with_thousands(static_cast<std::uint64_t>(rule.communities.count)) +
                             " communities only");
}

/// Writes the files of one image. Its work is cut into jobs that cores share. The list of files is
/// in the order of the jobs, whoever runs them.
class Writer {
 public:
  Writer(const Result& result, ReportFolder folder, const OutputOptions& options, int threads,
         const Progress& progress)
      : result_(result),
        folder_(std::move(folder)),
        options_(options),
        threads_(threads),
        progress_(progress) {}

  std::vector<WrittenFile> run() {
    if (options_.make_folder) folder_.make_with_parents();
    // Its own folder is not made again here: one that was cleared away
    // meanwhile is not to come back.
    for (const RuleResult& rule : result_.rules) folder_.make(rule.name);
    plan_jobs();
    run_jobs();
    files_.push_back(folder_.put("report.json", json_report(result_)));
    if (!options_.lean || options_.regions)
      files_.push_back(folder_.put("regions.json.gz", gzipped(regions_json(result_))));
    if (!options_.lean) {
      files_.push_back(folder_.put("report.html", html_report(result_, pictures_)));
    }
    for (const RuleResult& rule : result_.rules) folder_.sync(rule.name);
    folder_.sync();
    return std::move(files_);
  }

 private:
  using Files = std::vector<WrittenFile>;

  /// What the drawings of all graphs share. A chip stands in one place whatever the cut. The
  /// backbone of a graph is the part of a lower cut's backbone that reaches its own cut: nearest
  /// neighbours stay nearest, and a maximum spanning forest stays one when its weak edges go.
  struct Drawing {
    std::vector<Edge> backbone;
    std::vector<cv::Point2f> layout;
  };

  Drawing lay_out_graphs() const {
    const ChipGraph* largest = nullptr;
    for (const RuleResult& rule : result_.rules)
      if (rule.graph && (largest == nullptr || rule.graph->threshold < largest->threshold))
        largest = &*rule.graph;
    if (largest == nullptr) return {};
    std::vector<Edge> edges = backbone(*largest, drawn_neighbours);
    std::vector<cv::Point2f> layout =
        lay_out(place_by_similarity(*result_.similarity.scores), edges);
    return {std::move(edges), std::move(layout)};
  }

  std::vector<Edge> backbone_of(const ChipGraph& graph) const {
    std::vector<Edge> edges;
    for (const Edge& edge : drawing_.get().backbone)
      if (graph.joined(edge.a, edge.b)) edges.push_back(edge);
    return edges;
  }

  /// The layout takes longest: one core begins with it while the others
  /// write what does not need it.
  void plan_jobs() {
    if (options_.lean) {
      for (const RuleResult& rule : result_.rules)
        jobs_.emplace_back([&] { return Files{write_labels(rule)}; });
      plan_arrays();
      return;
    }
    drawing_ = std::async(std::launch::deferred, [this] { return lay_out_graphs(); }).share();
    jobs_.emplace_back([this] {
      drawing_.wait();
      return Files{};
    });
    plan_maps();
    if (options_.hspy) plan_hspy();
    if (result_.micrograph.maps)
      jobs_.emplace_back([this] {
        Files files{folder_.put("composition.csv", composition_csv(result_)),
                    folder_.put("composition_profile.csv", composition_profile_csv(result_))};
        if (result_.micrograph.maps->spectra)
          files.push_back(folder_.put("spectra.csv", spectra_csv(result_)));
        for (const auto& [wanted, format, ending] :
             {std::tuple{options_.svg, VectorFormat::svg, "svg"},
              std::tuple{options_.pdf, VectorFormat::pdf, "pdf"}})
          if (wanted)
            files.push_back(folder_.put(std::string("composition_profile.") + ending,
                                        chart_file(composition_chart(result_), format)));
        return files;
      });
    plan_arrays();
    for (const RuleResult& rule : result_.rules)
      if (rule.graph) jobs_.emplace_back([&] { return write_graph(rule); });
  }

  void plan_arrays() {
    if (options_.embeddings)
      jobs_.emplace_back([this] {
        return relative(write_embeddings(result_.embeddings, folder_ / "embeddings.npy"));
      });
    if (options_.scores)
      jobs_.emplace_back(
          [this] { return relative(write_scores(result_.similarity, folder_ / "scores.npy")); });
  }

  void plan_maps() {
    for (const RuleResult& rule : result_.rules)
      jobs_.emplace_back([&] {
        Files files{write_labels(rule),
                    folder_.put(rule.name + "/overlay.png",
                                draw_overlay(result_.micrograph, region_map(rule)))};
        for (const auto& [wanted, format, ending] :
             {std::tuple{options_.svg, VectorFormat::svg, "svg"},
              std::tuple{options_.pdf, VectorFormat::pdf, "pdf"}})
          if (wanted)
            files.push_back(
                folder_.put(rule.name + "/overlay." + ending,
                            draw_overlay_as(format, result_.micrograph, region_map(rule))));
        return files;
      });
    jobs_.emplace_back([this] {
      const RuleResult& primary = result_.primary_rule();
      const Thumbnails pictures = draw_thumbnails(result_.micrograph, region_map(primary));
      Files files{folder_.put("thumbnail.png", pictures.micrograph),
                  folder_.put("thumbnail_map.png", pictures.map)};
      if (!primary.agreement.empty())
        files.push_back(
            folder_.put("agreement.png", draw_chip_map(result_.grid, primary.agreement, 0, 1)));
      return files;
    });
    jobs_.emplace_back([this] {
      pictures_.similarity = draw_similarity(result_.similarity.statistics, result_.rules);
      return Files{folder_.put("similarity.png", pictures_.similarity),
                   folder_.put("chips.csv", chips_csv(result_))};
    });
  }

  WrittenFile write_labels(const RuleResult& rule) const {
    return folder_.put(rule.name + "/labels.tif",
                       label_tiff(rule.map.labels, result_.micrograph.pixel_size()));
  }

  void plan_hspy() {
    jobs_.emplace_back([this] { return Files{folder_.put("order.hspy", order_hspy(result_))}; });
    for (const RuleResult& rule : result_.rules)
      jobs_.emplace_back([&] {
        return Files{folder_.put(rule.name + "/labels.hspy", labels_hspy(result_, rule))};
      });
  }

  void run_jobs() {
    std::vector<std::size_t> numbers(jobs_.size());
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    const auto run = [this](std::size_t job, const Progress& tell) {
      tell("write", 0, 1);
      return jobs_[job]();
    };
    for (const Files& files : run_all(numbers, threads_, "write", progress_, run))
      files_.insert(files_.end(), files.begin(), files.end());
  }

  Files write_graph(const RuleResult& rule) {
    const std::vector<Edge> edges = backbone_of(*rule.graph);
    const std::vector<cv::Point2f>& layout = drawing_.get().layout;
    std::string picture = draw_graph(rule, result_.similarity.chips, layout, edges);
    Files files;
    if (options_.graphml != GraphmlMode::none) {
      const bool full = writes_full_graph(*rule.graph, options_.graphml);
      files = relative(write_graphml({result_, rule, layout, full ? nullptr : &edges},
                                     folder_ / (rule.name + "/graph.graphml")));
    }
    files.push_back(folder_.put(rule.name + "/graph.png", picture));
    if (&rule == graph_rule(result_)) {
      pictures_.graph = std::move(picture);
      pictures_.graph_rule = rule.name;
    }
    return files;
  }

  Files relative(WrittenFile file) const { return {folder_.relative(std::move(file))}; }

  const Result& result_;
  const ReportFolder folder_;
  const OutputOptions& options_;
  int threads_;
  const Progress& progress_;
  std::shared_future<Drawing> drawing_;
  std::vector<std::function<Files()>> jobs_;
  ReportPictures pictures_;
  Files files_;
};

}  // namespace

std::vector<WrittenFile> write_outputs(Result& result, const std::filesystem::path& folder,
                                       const OutputOptions& options, int threads,
                                       const Progress& progress) {
  note_backbones(result, options.graphml);
  note_many_communities(result);
  return Writer(result, ReportFolder(folder), options, threads, progress).run();
}

}  // namespace metamict
