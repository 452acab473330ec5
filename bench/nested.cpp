// SPDX-License-Identifier: GPL-3.0-or-later
// What each threshold of the rule `nested` is worth: the maps of many images with one threshold at
// a time removed, halved or doubled. Also draws the rule's steps. The images and their embeddings
// are those of bench/quality/nested_set.py.
//
// This fills WORK/nested.csv and prints a table; what is in the file is not measured again:
//     bench_nested WORK [--removed] [--images PART] [--thresholds PART] [--most-chips N] [--threads
//     N]
// This draws the steps of one image:
//     bench_nested WORK --images NAME --steps FOLDER
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <sstream>

#include "base/parallel.hpp"
#include "labels/sharp_borders.hpp"
#include "lattice/chip_spectra.hpp"
#include "metamict/cut.hpp"
#include "metamict/evaluate.hpp"
#include "metamict/order.hpp"
#include "metamict/pipeline.hpp"
#include "metamict/plan.hpp"
#include "metamict/sidecar.hpp"
#include "report/pictures/colours.hpp"
#include "report/pictures/micrograph_picture.hpp"
#include "report/pictures/png.hpp"
#include "rules/nested_rule.hpp"

namespace metamict {
namespace {

namespace fs = std::filesystem;

struct Item {
  std::string name, kind;
  fs::path image, truth;
};

std::vector<Item> read_items(const fs::path& work) {
  std::ifstream file(work / "items.csv");
  std::vector<Item> items;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::istringstream fields(line + ",");
    std::string field;
    std::vector<std::string> all;
    while (std::getline(fields, field, ',')) all.push_back(field);
    items.push_back({all.at(0), all.at(1), all.at(2), all.at(3)});
  }
  return items;
}

/// As metamict writes them: float32, two axes, version 1.
Embeddings read_embeddings(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  char head[10] = {};
  file.read(head, sizeof head);
  std::string header(
      static_cast<unsigned char>(head[8]) + 256U * static_cast<unsigned char>(head[9]), ' ');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  long rows = 0, cols = 0;
  const auto shape = header.find("'shape': (");
  if (!file || shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%ld, %ld)", &rows, &cols) != 2)
    throw std::runtime_error(path.string() + ": not embeddings");
  RowMatrixXf rows_ND(rows, cols);
  file.read(reinterpret_cast<char*>(rows_ND.data()),
            static_cast<std::streamsize>(rows_ND.size()) * 4);
  return {rows_ND, {}};
}

/// An image as it stands before the rules.
struct Image {
  Micrograph micrograph, canonical;
  ChipGrid grid;
  Embeddings embeddings;
  Similarity similarity;
  std::vector<float> order;
  Nodes chips;
  RowMatrixXf spectra_ND;
  cv::Mat truth;  ///< empty for one lattice

  Scene scene() const { return {canonical, grid, embeddings, similarity, order, chips}; }
};

Image prepare(const Item& item, const fs::path& work, int threads) {
  const fs::path model = fs::path(METAMICT_SOURCE_DIR) / "models/metamict-resnet50.pt";
  const EncoderShape shape =
      shape_of(read_sidecar(model), {.model = model, .embedding = EmbeddingMode::shared});
  SegmentOptions options;
  options.resources.threads = threads;
  Image image;
  image.micrograph = load_micrograph(item.image, {});
  const Plan planned = plan(image.micrograph, options, shape);
  const Micrograph standardised = standardise(image.micrograph);
  image.canonical = to_canonical_scale(standardised, planned.chip_size.size_px, shape.input_px);
  image.grid = lay_grid(image.canonical.pixels.size(), image.canonical.input_size, shape.input_px,
                        planned.grid.stride_px);
  image.chips = all_chips(image.grid);
  image.order = measure_order(image.canonical, image.grid, threads,
                              canonical_zero(image.micrograph.pixels, standardised.pixels));
  image.embeddings = read_embeddings(work / "maps" / item.name / "embeddings.npy");
  if (static_cast<std::size_t>(image.embeddings.rows_ND.rows()) != image.grid.chips())
    throw std::runtime_error(item.name + ": embeddings of another grid");
  image.similarity = compare(image.embeddings, {}, options.resources);
  image.spectra_ND = chip_spectra(image.canonical, image.grid, threads);
  if (!item.truth.empty()) image.truth = cv::imread(item.truth.string(), cv::IMREAD_GRAYSCALE);
  return image;
}

NestedResult apply(const Image& image, const NestedOptions& options, int threads) {
  const ChipEvidence evidence{image.spectra_ND, grey_cells(image.canonical, image.grid, image.order,
                                                           threads, options.cells)};
  return find_nested_by_steps(image.scene(), evidence, {}, options, {.threads = threads}, {});
}

cv::Mat map_of(const Image& image, const Communities& communities, int threads) {
  LabelMap map = paint(image.grid, communities);
  std::vector<bool> ordered{false};
  for (const Region& region : measure_regions(image.micrograph, map, communities, image.order))
    ordered.push_back(is_ordered(region.order));
  sharpen_borders(image.canonical, image.grid, ordered, map.labels, threads);
  return renumbered(map).labels;
}

/// ARI; for one lattice the share of the largest region.
double worth_of(const Image& image, const cv::Mat& labels) {
  double most_label = 1;
  if (!image.truth.empty()) cv::minMaxLoc(image.truth, nullptr, &most_label);
  if (most_label > 1) return evaluate(labels, image.truth, 255).ari;
  std::map<int, std::size_t> areas;
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) ++areas[labels.at<std::uint16_t>(y, x)];
  std::size_t most = 0;
  for (const auto& [label, area] : areas) most = std::max(most, area);
  return static_cast<double>(most) / static_cast<double>(labels.total());
}

/// One threshold with another value.
struct Variation {
  std::string threshold, value;  ///< "none" and "0" for the rule as it is
  std::function<void(NestedOptions&)> set;
};

template <typename Field>
void vary(std::vector<Variation>& all, const std::string& name, const Field& field,
          const std::vector<double>& values) {
  for (const double value : values) {
    std::ostringstream text;
    text << value;
    all.push_back({name, text.str(), [field, value](NestedOptions& options) {
                     auto& threshold = field(options);
                     threshold = static_cast<std::remove_reference_t<decltype(threshold)>>(value);
                   }});
  }
}

/// The first value of each takes the threshold's effect away, as far as a value can.
std::vector<Variation> variations() {
  std::vector<Variation> all{{"none", "0", [](NestedOptions&) {}}};
#define VARY(path, ...) \
  vary(                 \
      all, #path, [](NestedOptions & o) -> auto& { return o.path; }, __VA_ARGS__)
  VARY(jump.ratio, {1e-6, 1.75, 2.25, 2.75, 3});
  VARY(jump.ratio_without_lattice, {2, 2.5, 4, 8, 1e9});
  VARY(jump.least, {1e-6, 0.0625, 0.1, 0.15, 0.175, 0.2, 0.25});
  VARY(jump.patches, {1e9, 1, 4});
  VARY(jump.least_apart, {0, 0.125, 0.25, 1e9});
  VARY(jump.least_range, {0, 0.1, 0.4});
  VARY(order.least, {0, 0.2, 0.8});
  VARY(order.glass_share, {0, 0.125, 0.5});
  VARY(order.full, {1e9, 0.3, 1.2});
  VARY(parts.splinter_share, {0, 0.25, 1});
  VARY(parts.reach_half_chips, {1e6, 0, 6});
  VARY(parts.longest_detour, {1e9, 0, 1.2, 2});
  VARY(parts.sampled_chips, {1e9, 150, 600});
  VARY(cells.margin_cells, {0, 2, 10});
  VARY(cells.blur_cells, {0.25, 1, 4});
  VARY(layers.thresholds, {5, 20});
  VARY(layers.tail_share, {0, 0.02, 0.1});
  VARY(layers.width, {0.1, 0.25, 1});
  VARY(layers.present_share, {0, 0.025, 0.1});
  VARY(layers.same_share, {2, 0.8, 0.95});
  VARY(layer_border.reach_cells, {0, 1, 6});
  VARY(layer_border.least_step, {0, 0.5, 1, 1e9});
  VARY(layer_border.least_anywhere, {-1e9, 0.1, 0.4});
  VARY(layer_border.anywhere_share, {0.025, 0.1});
  VARY(layer_border.least_crossings, {1, 8, 32});
  VARY(layer_border.shortest, {0, 0.7, 0.95});
  VARY(layer_border.longest, {1e9, 1.1, 1.5});
  VARY(layer_border.widest, {1e9, 0.15, 0.3});
  VARY(grey_step.least, {0, 0.125, 0.5, 1e9});
  VARY(grey_step.over_ripple, {0, 3, 12});
  VARY(grey_step.reach_cells, {1, 2, 6});
  VARY(grey_step.least_crossings, {1, 8, 32});
  VARY(grey_step.thresholds, {10, 20, 80});
  VARY(grey_step.tail_share, {0, 0.005, 0.02});
#undef VARY
  return all;
}

struct Row {
  std::string image, kind, threshold, value;
  double worth = 0;
  bool changed = false;
};

std::vector<Row> read_rows(const fs::path& path) {
  std::ifstream file(path);
  std::vector<Row> rows;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Row row;
    std::string worth, changed;
    std::getline(fields, row.image, ',');
    std::getline(fields, row.kind, ',');
    std::getline(fields, row.threshold, ',');
    std::getline(fields, row.value, ',');
    std::getline(fields, worth, ',');
    std::getline(fields, changed, ',');
    row.worth = std::stod(worth);
    row.changed = changed == "1";
    rows.push_back(row);
  }
  return rows;
}

/// All variations of one image that the file does not hold yet.
void measure(const Item& item, const fs::path& work, const std::vector<Variation>& wanted,
             std::size_t most_chips, int threads) {
  std::set<std::string> done;
  for (const Row& row : read_rows(work / "nested.csv"))
    if (row.image == item.name) done.insert(row.threshold + row.value);
  std::vector<Variation> todo;
  for (const Variation& variation : wanted)
    if (!done.contains(variation.threshold + variation.value)) todo.push_back(variation);
  if (todo.empty() || !fs::exists(work / "maps" / item.name / "DONE.json")) return;
  const Image image = prepare(item, work, threads);
  if (image.grid.chips() > most_chips) return;
  const Communities usual = apply(image, {}, threads).communities;
  const cv::Mat usual_map = map_of(image, usual, threads);
  const double usual_worth = worth_of(image, usual_map);
  std::mutex writing;
  std::ofstream file(work / "nested.csv", std::ios::app);
  parallel_for(todo.size(), threads, [&](std::size_t, std::size_t k) {
    NestedOptions options;
    todo[k].set(options);
    const Communities found = apply(image, options, 1).communities;
    const bool same = found.community == usual.community;
    const cv::Mat map = same ? usual_map : map_of(image, found, 1);
    const bool changed = !same && cv::countNonZero(map != usual_map) > 0;
    const std::scoped_lock lock(writing);
    file << item.name << ',' << item.kind << ',' << todo[k].threshold << ',' << todo[k].value << ','
         << (changed ? worth_of(image, map) : usual_worth) << ',' << changed << std::endl;
  });
  std::cerr << item.name << ": " << image.grid.chips() << " chips, " << usual.count
            << " regions, worth " << usual_worth << std::endl;
}

/// One line a variation: means over the images that have it, beside the rule as it is over the same
/// images.
void print_table(const std::vector<Row>& rows, const std::vector<Variation>& wanted) {
  std::map<std::string, double> usual;
  for (const Row& row : rows)
    if (row.threshold == "none") usual[row.image] = row.worth;
  std::printf(
      "| threshold | value | images | maps changed | simulated | samples | real | one lattice "
      "whole |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const Variation& variation : wanted) {
    std::map<std::string, std::vector<double>> now, before;
    int images = 0, changed = 0, whole = 0, whole_before = 0, lattices = 0;
    for (const Row& row : rows) {
      if (row.threshold != variation.threshold || row.value != variation.value) continue;
      ++images;
      changed += row.changed ? 1 : 0;
      if (row.kind == "single" || row.kind == "real one lattice") {
        ++lattices;
        whole += row.worth > 0.9 ? 1 : 0;
        whole_before += usual[row.image] > 0.9 ? 1 : 0;
        continue;
      }
      const std::string kind = row.kind.starts_with("real")  ? "real"
                               : row.kind == "sample series" ? "samples"
                                                             : "simulated";
      now[kind].push_back(row.worth);
      before[kind].push_back(usual[row.image]);
    }
    const auto mean = [](const std::vector<double>& v) {
      return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
    };
    std::printf("| %s | %s | %d | %d |", variation.threshold.c_str(), variation.value.c_str(),
                images, changed);
    for (const char* kind : {"simulated", "samples", "real"})
      if (now[kind].empty())
        std::printf(" – |");
      else
        std::printf(" %.4f (%+.4f) |", mean(now[kind]), mean(now[kind]) - mean(before[kind]));
    std::printf(" %d (%+d) of %d |\n", whole, whole - whole_before, lattices);
  }
}

/// The regions' colours over the micrograph, with white lines where two meet. Greys are coarse: the
/// file stays small.
cv::Mat drawn(const Image& image, const cv::Mat& labels) {
  constexpr int smallest_px = 300, largest_px = 380, coarse = 0xf0, opacity = 45;
  const cv::Size size = picture_size(labels.size(), smallest_px, largest_px);
  cv::Mat small, picture(size, CV_8UC4);
  const cv::Mat grey = grey_picture(image.micrograph.pixels, size);
  cv::resize(labels, small, size, 0, 0, cv::INTER_NEAREST_EXACT);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const int label = small.at<std::uint16_t>(y, x), value = grey.at<std::uint8_t>(y, x) & coarse;
      const bool edge = (x > 0 && small.at<std::uint16_t>(y, x - 1) != label) ||
                        (y > 0 && small.at<std::uint16_t>(y - 1, x) != label);
      const Colour colour = region_colour(label);
      const auto mix = [&](int over) {
        return static_cast<std::uint8_t>(edge ? 255
                                              : (value * (100 - opacity) + over * opacity) / 100);
      };
      picture.at<cv::Vec4b>(y, x) = {mix(colour.b), mix(colour.g), mix(colour.r), 255};
    }
  return picture;
}

void write(const cv::Mat& picture, const fs::path& path) {
  std::ofstream(path, std::ios::binary) << encode_picture(picture);
}

/// The parts of one step, drawn by the chips' votes.
cv::Mat drawn(const Image& image, const std::vector<Nodes>& parts) {
  Communities communities;
  communities.community.assign(image.grid.chips(), 0);
  for (std::size_t k = 0; k < parts.size(); ++k)
    for (const std::uint32_t node : parts[k])
      communities.community[node] = static_cast<std::int32_t>(k);
  communities.count = number_canonically(communities.community);
  communities.node_stability.assign(image.grid.chips(), 1.0F);
  return drawn(image, paint(image.grid, communities).labels);
}

/// nested_<image>_<number>_<step>.png: what a plain mean cut of the whole image gives, each step,
/// and the pixels' borders.
void draw_steps(const Item& item, const fs::path& work, const fs::path& folder, int threads) {
  const Image image = prepare(item, work, threads);
  const NestedResult result = apply(image, {}, threads);
  fs::create_directories(folder);
  int number = 0;
  const auto path = [&](std::string_view step) {
    std::string name =
        "nested_" + item.name + "_" + std::to_string(number++) + "_" + std::string(step) + ".png";
    std::replace(name.begin(), name.end(), ' ', '_');
    return folder / name;
  };
  const Communities plain = find_communities(
      link(image.similarity, choose_cut(image.similarity, parse_cut_rule("mean"))));
  cv::Mat before = drawn(image, paint(image.grid, plain).labels);
  write(before, path("mean cut"));
  const auto pair = [&](const cv::Mat& after, std::string_view step) {
    const cv::Mat gap(after.rows, 8, CV_8UC4, cv::Scalar::all(255));
    cv::Mat both;
    cv::hconcat(std::vector<cv::Mat>{before, gap, after}, both);
    write(both, path(step));
    before = after;
  };
  for (const NestedStep& step : result.steps) {
    std::printf("%s: %zu parts after %s\n", item.name.c_str(), step.parts.size(),
                std::string(step.name).c_str());
    pair(drawn(image, step.parts), step.name);
  }
  pair(drawn(image, map_of(image, result.communities, threads)), "borders");
}

int run(int argc, char** argv) {
  fs::path work, steps;
  std::string images, thresholds;
  std::size_t most_chips = 1000000;
  int threads = 2;
  bool removed = false;
  CLI::App app{"What each threshold of `nested` is worth"};
  app.add_option("work", work, "folder that nested_set.py filled")->required();
  app.add_option("--images", images, "only those with this in their name");
  app.add_option("--thresholds", thresholds, "only those with this in their name");
  app.add_option("--most-chips", most_chips, "leave larger images out");
  app.add_option("--threads", threads);
  app.add_flag("--removed", removed,
               "only the first value of each threshold, which takes its effect away");
  app.add_option("--steps", steps, "draw the steps of the images into this folder instead");
  CLI11_PARSE(app, argc, argv);
  std::vector<Variation> wanted;
  for (const Variation& variation : variations())
    if ((variation.threshold == "none" ||
         variation.threshold.find(thresholds) != std::string::npos) &&
        !(removed && !wanted.empty() && wanted.back().threshold == variation.threshold))
      wanted.push_back(variation);
  for (const Item& item : read_items(work)) {
    if (item.name.find(images) == std::string::npos) continue;
    if (steps.empty())
      measure(item, work, wanted, most_chips, threads);
    else
      draw_steps(item, work, steps, threads);
  }
  if (steps.empty()) print_table(read_rows(work / "nested.csv"), wanted);
  return 0;
}

}  // namespace
}  // namespace metamict

int main(int argc, char** argv) { return metamict::run(argc, argv); }
