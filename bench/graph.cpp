// SPDX-License-Identifier: GPL-3.0-or-later
// The similarity graph, stage by stage, beside what bounds it (matrix product and memory bandwidth,
// measured here) and, with --peers, beside python-igraph and networkx on the same scores.
// bench_graph [--nodes 1000,4000,16000] [--threads 2] [--repeats 3]
// [--embeddings FILE.npy] [--peers] [--spill DIR]
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/parallel.hpp"
#include "base/system/machine.hpp"
#include "graph/communities/dense_kernels.hpp"
#include "metamict/communities.hpp"
#include "report/files/npy.hpp"

namespace metamict {
namespace {

struct Options {
  std::vector<std::size_t> nodes{1000, 4000, 16000};
  int threads = 2, repeats = 3;
  std::string embeddings, spill;
  bool peers = false;
};

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Chips on a square grid over five regions of unequal size: a direction for each region, a slow
/// drift across the image, noise that neighbouring chips share. Positive, as pooled features are.
Embeddings synthetic(std::size_t nodes, Eigen::Index features = 2048) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  const auto side = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(nodes))));
  RowMatrixXf directions(7, features), embeddings(static_cast<Eigen::Index>(nodes), features);
  for (float& value : directions.reshaped()) value = normal(random);
  for (std::size_t node = 0; node < nodes; ++node) {
    const float x = static_cast<float>(node % side) / static_cast<float>(side),
                y = static_cast<float>(node / side) / static_cast<float>(side);
    const Eigen::Index region = y < 0.12F              ? 0
                                : y < 0.45F            ? 1
                                : x < 0.2F && y < 0.6F ? 2
                                : x < 0.6F             ? 3
                                                       : 4;
    auto row = embeddings.row(static_cast<Eigen::Index>(node));
    row = directions.row(region) + 0.4F * x * directions.row(5) + 0.4F * y * directions.row(6);
    for (float& value : row) value = std::max(0.0F, 1.0F + 0.3F * value + 0.3F * normal(random));
    row.normalize();
  }
  return {embeddings, {}};
}

/// As metamict writes them: float32, two axes, version 1.
Embeddings read_embeddings(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char head[10] = {};
  file.read(head, 10);
  std::string header(
      static_cast<unsigned char>(head[8]) + 256U * static_cast<unsigned char>(head[9]), ' ');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  long rows = 0, cols = 0;
  const auto shape = header.find("'shape': (");
  if (!file || shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%ld, %ld)", &rows, &cols) != 2)
    throw std::runtime_error(path + ": not embeddings");
  RowMatrixXf rows_ND(rows, cols);
  file.read(reinterpret_cast<char*>(rows_ND.data()),
            static_cast<std::streamsize>(rows_ND.size()) * 4);
  return {rows_ND, {}};
}

/// Products a second (times two: flops) of one large oneDNN float32 product on the threads.
double product_rate(int threads) {
  constexpr dnnl_dim_t edge = 1024, depth = 2048;
  std::vector<std::vector<float>> results(static_cast<std::size_t>(threads),
                                          std::vector<float>(edge * edge));
  const std::vector<float> a(edge * depth, 0.5F);
  std::vector<double> times;
  for (int k = 0; k < 5; ++k)
    times.push_back(seconds_of([&] {
      parallel_for(results.size(), threads, [&](std::size_t, std::size_t piece) {
        dnnl_sgemm('N', 'T', edge, edge, depth, 1.0F, a.data(), depth, a.data(), depth, 0.0F,
                   results[piece].data(), edge);
      });
    }));
  return static_cast<double>(threads) * edge * edge * depth / median(times);
}

/// Seconds to read the whole score matrix once.
double read_matrix(const ScoreMatrix& scores, int threads) {
  std::vector<std::uint64_t> sums(scores.nodes());
  return seconds_of([&] {
    parallel_for((scores.nodes() + 63) / 64, threads, [&](std::size_t, std::size_t piece) {
      for (std::size_t i = piece * 64; i < std::min(scores.nodes(), piece * 64 + 64); ++i)
        sums[i] = sum_row(scores.row(i), scores.nodes(), {0, false});
    });
  });
}

struct Measured {
  std::map<std::string, std::vector<double>> seconds;
  double bytes_per_pair = 0;  // peak above the embeddings, over N^2
  std::map<int, double> modularity;
  std::string engine;
  int communities = 0;
};

void measure(const Embeddings& embeddings, const Options& options, Measured& into) {
  const auto nodes = static_cast<double>(embeddings.rows_ND.rows());
  const std::uint64_t before = [] {
    reset_peak_memory();
    return peak_memory_bytes();
  }();
  Similarity similarity;
  ChipGraph graph;
  Cut cut;
  const Resources resources{.threads = options.threads, .spill = options.spill};
  into.seconds["compare"].push_back(
      seconds_of([&] { similarity = compare(embeddings, {}, resources); }));
  into.seconds["cut"].push_back(
      seconds_of([&] { cut = choose_cut(similarity, parse_cut_rule("median")); }));
  into.seconds["link"].push_back(seconds_of([&] { graph = link(similarity, cut); }));
  for (const int runs : {1, 5, 20}) {
    if (runs == 20 && nodes > 20000) continue;  // minutes
    CommunityOptions searching;
    searching.runs = runs;
    Communities found;
    into.seconds["communities, " + std::to_string(runs) + " runs"].push_back(
        seconds_of([&] { found = find_communities(graph, searching, resources); }));
    into.modularity[runs] = *found.modularity;
    into.engine = found.engine;
    into.communities = found.count;
  }
  into.bytes_per_pair = std::max(
      into.bytes_per_pair, static_cast<double>(peak_memory_bytes() - before) / (nodes * nodes));
  into.seconds["read the scores once"].push_back(read_matrix(*similarity.scores, options.threads));
}

/// Scores and cut as files, for other programs.
void hand_over(const Embeddings& embeddings, const Options& options,
               const std::filesystem::path& folder) {
  SimilarityOptions scoring;
  scoring.threads = options.threads;
  const Similarity similarity = compare(embeddings, {}, resources);
  write_scores(similarity, folder / "scores.npy");
  std::ofstream(folder / "cut.json")
      << nlohmann::json{{"nodes", similarity.nodes()}, {"cut", similarity.statistics.median}};
}

/// {"build": s, "run": s, "modularity": q} of another library; empty where it failed.
nlohmann::json ask_peer(const std::string& library, const std::filesystem::path& folder) {
  const std::string line = "/usr/bin/python3 " METAMICT_SOURCE_DIR "/bench/graph_peers.py " +
                           library + " " + folder.string();
  std::FILE* pipe = popen(line.c_str(), "r");
  std::string answer;
  for (char part[256]; std::fgets(part, sizeof part, pipe) != nullptr;) answer += part;
  return pclose(pipe) == 0 ? nlohmann::json::parse(answer) : nlohmann::json{};
}

void print_goal(const char* what, double value, double goal, bool at_least) {
  std::printf("  %-66s %8.2f  goal %s %g  %s\n", what, value, at_least ? ">=" : "<=", goal,
              (at_least ? value >= goal : value <= goal) ? "met" : "MISSED");
}

void compare_with_peers(const Measured& ours,
                        const std::map<std::string, std::vector<nlohmann::json>>& peers) {
  const auto of = [&](const char* stage) { return median(ours.seconds.at(stage)); };
  const double link = of("cut") + of("link");
  for (const auto& [library, answers] : peers) {
    if (answers.empty()) continue;
    std::vector<double> build, run;
    for (const auto& answer : answers)
      build.push_back(answer["build"]), run.push_back(answer["run"]);
    const double whole = median(build) + median(run);
    std::printf(
        "  %s: build %.2f s, one run %.2f s, modularity %.5f (ours %.5f in 1 run, %.5f best of "
        "5)\n",
        library.c_str(), median(build), median(run), answers.back()["modularity"].get<double>(),
        ours.modularity.at(1), ours.modularity.at(5));
    if (library == "networkx") {
      print_goal("networkx build + run / our cut + link + communities",
                 whole / (link + of("communities, 1 runs")), 200, true);
      continue;
    }
    print_goal("igraph build + run / our cut + link + communities",
               whole / (link + of("communities, 1 runs")), 30, true);
    print_goal("the same, our compare too",
               whole / (of("compare") + link + of("communities, 1 runs")), 15, true);
    print_goal("our 20 runs / igraph's one run (no build)",
               of("communities, 20 runs") / median(run), 1, false);
  }
}

void report(std::size_t nodes, std::size_t features, const Measured& ours, double rate,
            int threads) {
  const auto of = [&](const char* stage) { return median(ours.seconds.at(stage)); };
  const auto n = static_cast<double>(nodes);
  std::printf("\n%zu chips x %zu features, %d threads, engine %s, %d communities\n", nodes,
              features, threads, ours.engine.c_str(), ours.communities);
  for (const auto& [stage, times] : ours.seconds)
    std::printf("  %-24s %9.4f s  (of %zu)\n", stage.c_str(), median(times), times.size());
  const double product = n * n / 2 * static_cast<double>(features) / rate;
  std::printf(
      "  bounds: the float32 product %.3f s, the scores read ten times %.3f s (%.1f GB/s)\n",
      product, 10 * of("read the scores once"), n * n * 2e-9 / of("read the scores once"));
  const double all = of("compare") + of("cut") + of("link") + of("communities, 1 runs");
  print_goal("compare + cut + link + communities / (ten reads + product)",
             all / (product + 10 * of("read the scores once")), 3, false);
  print_goal("peak bytes above the embeddings / N^2", ours.bytes_per_pair, 2.5, false);
}

void bench(std::size_t nodes, const Options& options, double rate) {
  Embeddings embeddings =
      options.embeddings.empty() ? synthetic(nodes) : read_embeddings(options.embeddings);
  nodes = std::min(nodes, static_cast<std::size_t>(embeddings.rows_ND.rows()));
  if (nodes < static_cast<std::size_t>(embeddings.rows_ND.rows()))
    embeddings.rows_ND = RowMatrixXf(embeddings.rows_ND.topRows(static_cast<Eigen::Index>(nodes)));
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("metamict-bench-" + std::to_string(nodes));
  std::map<std::string, std::vector<nlohmann::json>> peers;
  if (options.peers) {
    std::filesystem::create_directories(folder);
    hand_over(embeddings, options, folder);
  }
  Measured ours;
  for (int k = 0; k < options.repeats; ++k) {
    measure(embeddings, options, ours);
    if (!options.peers) continue;
    if (const auto answer = ask_peer("igraph", folder); !answer.empty())
      peers["igraph"].push_back(answer);
    if (k > 0) continue;  // minutes
    if (const auto answer = ask_peer("networkx", folder); !answer.empty())
      peers["networkx"].push_back(answer);
  }
  report(nodes, static_cast<std::size_t>(embeddings.rows_ND.cols()), ours, rate, options.threads);
  compare_with_peers(ours, peers);
  std::filesystem::remove_all(folder);
  std::fflush(stdout);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int k = 1; k < argc; ++k) {
    const std::string name = argv[k];
    if (name == "--peers") {
      options.peers = true;
      continue;
    }
    if (k + 1 == argc) throw std::runtime_error(name + " needs a value");
    const std::string value = argv[++k];
    if (name == "--threads")
      options.threads = std::stoi(value);
    else if (name == "--repeats")
      options.repeats = std::stoi(value);
    else if (name == "--embeddings")
      options.embeddings = value;
    else if (name == "--spill")
      options.spill = value;
    else if (name == "--nodes") {
      options.nodes.clear();
      std::istringstream list(value);
      for (std::string one; std::getline(list, one, ',');) options.nodes.push_back(std::stoul(one));
    } else
      throw std::runtime_error("unknown option " + name);
  }
  return options;
}

}  // namespace
}  // namespace metamict

int main(int argc, char** argv) try {
  const metamict::Options options = metamict::parse(argc, argv);
  const double rate = metamict::product_rate(options.threads);
  std::printf("oneDNN float32 product: %.0f GFLOP/s; embeddings: %s\n", 2e-9 * rate,
              options.embeddings.empty() ? "synthetic, five regions with drift"
                                         : options.embeddings.c_str());
  for (const std::size_t nodes : options.nodes) metamict::bench(nodes, options, rate);
  return 0;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "bench_graph: %s\n", failure.what());
  return 1;
}
