// SPDX-License-Identifier: GPL-3.0-or-later
// Chips per second of the encoder against torchvision in Python, LibTorch's own best and oneDNN's
// best matrix product, all in the same run: rounds alternate, medians count. --clock processor
// counts processor seconds, which a neighbour's load changes least, and can say nothing about two
// workers.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <sstream>
#include <thread>

#include "base/parallel.hpp"
#include "base/system/machine.hpp"
#include "base/system/mapped_file.hpp"
#include "encoder/probe.hpp"
#include "encoder/resnet/resnet_encoder.hpp"
#include "encoder/torchscript/torchscript_file.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {
namespace {

struct Seconds {
  double wall = 0, processor = 0;
};

Seconds now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return {
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
      seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

Seconds time_of(const std::function<void()>& work) {
  const Seconds start = now();
  work();
  const Seconds end = now();
  return {end.wall - start.wall, end.processor - start.processor};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// bench/embed_peer.py as a child that answers requests.
class Peer {
 public:
  Peer() {
    std::array<int, 2> in{}, out{};
    if (pipe(in.data()) != 0 || pipe(out.data()) != 0) throw std::runtime_error("no pipe");
    child_ = fork();
    if (child_ == 0) {
      dup2(in[0], 0), dup2(out[1], 1);
      for (const int end : {in[0], in[1], out[0], out[1]}) close(end);
      execl("/usr/bin/python3", "python3", METAMICT_SOURCE_DIR "/bench/embed_peer.py", nullptr);
      _exit(127);
    }
    close(in[0]), close(out[1]);
    to_ = fdopen(in[1], "w"), from_ = fdopen(out[0], "r");
    name = line();
  }
  ~Peer() {
    std::fclose(to_), std::fclose(from_);
    waitpid(child_, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  Seconds ask(const std::string& kind, int px, int threads, int batch, int chips) {
    std::fprintf(to_, "%s %d %d %d %d\n", kind.c_str(), px, threads, batch, chips);
    std::fflush(to_);
    Seconds seconds;
    if (std::sscanf(line().c_str(), "%lf %lf", &seconds.wall, &seconds.processor) != 2)
      throw std::runtime_error("the Python peer failed");
    return seconds;
  }
  std::string name;

 private:
  std::string line() {
    std::array<char, 256> text{};
    return std::fgets(text.data(), text.size(), from_) == nullptr ? "" : text.data();
  }
  pid_t child_ = 0;
  FILE *to_ = nullptr, *from_ = nullptr;
};

/// GFLOP/s of one oneDNN matrix product n x n x n that stays in the second-level cache, in every
/// worker at once.
Seconds product_seconds(dnnl::memory::data_type type, long n, int repeats, int threads) {
  using dnnl::memory;
  return time_of([&] {
    parallel_for(static_cast<std::size_t>(threads), threads, [&](std::size_t, std::size_t) {
      const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
      dnnl::stream stream(engine);
      const auto integers = type == memory::data_type::s8;
      const memory::desc a({n, n}, integers ? memory::data_type::u8 : type, memory::format_tag::ab),
          b({n, n}, type, memory::format_tag::any);
      const memory::desc c({n, n}, integers ? memory::data_type::u8 : type, memory::format_tag::ab);
#if DNNL_VERSION_MAJOR >= 3
      const dnnl::matmul::primitive_desc desc(engine, a, b, c);
#else
      const dnnl::matmul::primitive_desc desc({a, b, c}, engine);
#endif
      memory x(a, engine), y(desc.weights_desc(), engine), z(c, engine);
      std::fill_n(static_cast<char*>(x.get_data_handle()), a.get_size(), char{});
      std::fill_n(static_cast<char*>(y.get_data_handle()), desc.weights_desc().get_size(), char{});
      const dnnl::matmul product(desc);
      for (int i = 0; i < repeats; ++i)
        product.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, y}, {DNNL_ARG_DST, z}});
    });
  });
}

/// The project's encoder over a grid of chips of noise, its weights from the model's file.
class Ours {
 public:
  Ours(const std::filesystem::path& model, int px, int threads, Precision precision,
       EmbeddingMode mode, int side_px, int stride_px) {
    const MappedFile file(model);
    auto weights = fold_resnet50(stored_tensors(file.bytes()).value());
    Sidecar sidecar = read_sidecar(model);
    sidecar.input_px = px;
    EncoderOptions options;
    options.model = model, options.threads = threads, options.precision = precision,
    options.embedding = mode;
    encoder_ = std::make_unique<ResnetEncoder>(
        std::make_shared<const FoldedResnet>(std::move(weights.value())), options, sidecar,
        Notes{});
    image_.pixels.create(side_px, side_px, CV_32F);
    cv::RNG(1).fill(image_.pixels, cv::RNG::NORMAL, 0, 1);
    grid_ = lay_grid(image_.pixels.size(), image_.pixels.size(), px, stride_px);
    run();
  }
  void run() { encoder_->encode(image_, grid_, Normalise::image, {}); }
  int chips() const { return static_cast<int>(grid_.chips()); }

 private:
  std::unique_ptr<ResnetEncoder> encoder_;
  Micrograph image_;
  ChipGrid grid_;
};

double flop_of_chip(
    int px) {  // ResNet50's multiplications and additions, measured by counting them layer by layer
  return px == 64 ? 0.667e9 : px == 96 ? 1.50e9 : px == 128 ? 2.67e9 : 8.17e9;
}

struct Settings {
  std::vector<int> sizes{64, 128}, threads{1, 2};
  int rounds = 5;
  double scale = 1;
  std::string clock = "wall";
  int memory_px = 0;
  std::filesystem::path model = METAMICT_SOURCE_DIR "/models/metamict-resnet50.pt";
};

/// The features themselves are in it: 8 KB a chip.
void print_memory(const Settings& settings) {
  const int side = settings.memory_px;
  const Ours map(settings.model, 64, settings.threads.back(), Precision::automatic,
                 EmbeddingMode::shared, side, 16);
  std::printf(
      "%d² px, %d chips, %d workers: peak %.2f GB (goal <= 1.5 at 4096²), of which the image %.2f "
      "and the features "
      "%.2f\n",
      side, map.chips(), settings.threads.back(), 1e-9 * static_cast<double>(peak_memory_bytes()),
      4e-9 * side * side, 8192e-9 * map.chips());
}

class Bench {
 public:
  explicit Bench(const Settings& settings) : settings_(settings) {}

  void run() {
    std::cout << "peer: " << peer_.name << "clock: " << settings_.clock << ", medians of "
              << settings_.rounds << " alternating rounds\n\n"
              << "| px | workers | path | chips/s | against | ratio | best against best | goal |\n"
              << "|---|---|---|---|---|---|---|---|\n";
    for (const int px : settings_.sizes)
      for (const int threads : settings_.threads) chips(px, threads);
    for (const int threads : settings_.threads) shared(threads);
  }

 private:
  /// Chips (or GFLOP) per second of each contestant, round by round; in a round each has its turn.
  using Contest = std::vector<std::pair<std::string, std::function<double()>>>;
  using Rates = std::map<std::string, std::vector<double>>;
  Rates hold(const Contest& contest) const {
    Rates rates;
    for (int round = 0; round < settings_.rounds; ++round)
      for (const auto& [name, rate] : contest) rates[name].push_back(rate());
    return rates;
  }
  double counted(const Seconds& seconds) const {
    return settings_.clock == "wall" ? seconds.wall : seconds.processor;
  }
  int of(int chips, int px) const {
    return std::max(32, static_cast<int>(settings_.scale * chips * 64 * 64 / (px * px)) / 32 * 32);
  }

  std::function<double()> python(const std::string& kind, int px, int threads) {
    return [this, kind, px, threads] {
      const int chips = of(64, px);
      return chips / counted(peer_.ask(kind, px, threads, 32, chips));
    };
  }
  std::function<double()> ours(Ours& encoder) {
    return [this, &encoder] { return encoder.chips() / counted(time_of([&] { encoder.run(); })); };
  }

  struct Row {
    int px, threads;
    const char* path;
    std::string ours, peer;  // contestants
    const char* against;
    const char* goal;
    double worth = 1;  // of one of ours in the peer's unit
  };
  /// Medians over the rounds, of the rate and of the ratio; and each at its best: a neighbour who
  /// holds the matrix unit slows us and not a peer that does without.
  static void print(const Rates& rates, const Row& row) {
    const std::vector<double>&ours = rates.at(row.ours), &peer = rates.at(row.peer);
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(row.worth * ours[i] / peer[i]);
    const double best = row.worth * std::ranges::max(ours) / std::ranges::max(peer);
    std::printf("| %d | %d | %s | %.0f | %s | %.2f | %.2f | %s |\n", row.px, row.threads, row.path,
                median(ours), row.against, median(ratios), best, row.goal);
    std::fflush(stdout);
  }

  std::function<double()> product(int threads) {
    return [this, threads] {
      constexpr long n = 512;
      constexpr int repeats = 400;
      const Seconds seconds = product_seconds(dnnl::memory::data_type::bf16, n, repeats, threads);
      return 2e-9 * n * n * n * repeats * threads / counted(seconds);
    };
  }

  void chips(int px, int threads) {
    const int strides = px <= 64 ? 15 : px <= 128 ? 7 : 3;
    const auto encoder = [&](Precision precision, int workers, int more = 1) {
      const int side = px + px / 4 * strides * more;
      return Ours(settings_.model, px, workers, precision, EmbeddingMode::chip, side, px / 4);
    };
    Ours low = encoder(Precision::bfloat16, threads), full = encoder(Precision::float32, threads);
    Ours bytes = encoder(Precision::int8, threads,
                         3);  // calibrated on every image, so on one of the usual size
    std::optional<Ours> one;
    if (threads > 1) one.emplace(encoder(Precision::bfloat16, 1));
    Contest contest{{"bfloat16", ours(low)},
                    {"float32", ours(full)},
                    {"int8", ours(bytes)},
                    {"python", python("torchvision", px, threads)},
                    {"frozen", python("frozen", px, threads)},
                    {"product", product(threads)}};
    if (one) {
      contest.emplace_back("one", ours(*one));
      contest.emplace_back("one product", product(1));
    }
    const Rates rates = hold(contest);
    const char* const goal = px <= 96 ? ">= 9" : ">= 11";
    print(rates, {px, threads, "bfloat16", "bfloat16", "python", "torchvision, batch 32", goal});
    print(rates, {px, threads, "bfloat16", "bfloat16", "frozen", "LibTorch frozen", ""});
    print(rates, {px, threads, "bfloat16", "bfloat16", "product", "oneDNN bfloat16 matmul 512",
                  ">= 0.48", flop_of_chip(px) * 1e-9});
    print(rates, {px, threads, "float32", "float32", "python", "torchvision, batch 32", ">= 1.5"});
    print(rates, {px, threads, "int8", "int8", "python", "torchvision, batch 32", ""});
    print(rates, {px, threads, "int8", "int8", "bfloat16", "bfloat16", ""});
    if (!one) return;
    print(rates, {px, threads, "bfloat16", "bfloat16", "one", "one worker", ">= 1.95"});
    print(rates,
          {px, threads, "oneDNN matmul, GFLOP/s", "product", "one product", "one worker", ""});
  }

  void shared(int threads) {
    Ours map(settings_.model, 64, threads, Precision::automatic, EmbeddingMode::shared, 1024, 16);
    Ours alone(settings_.model, 64, threads, Precision::automatic, EmbeddingMode::chip,
               64 + 15 * 16, 16);
    const Rates rates = hold({{"shared", ours(map)},
                              {"chip", ours(alone)},
                              {"python", python("torchvision", 64, threads)}});
    print(rates, {64, threads, "shared, 1024², stride 16", "shared", "python",
                  "torchvision, batch 32", ">= 100"});
    print(rates, {64, threads, "shared, 1024², stride 16", "shared", "chip", "chip by chip", ""});
  }

  Settings settings_;
  Peer peer_;
};

}  // namespace
}  // namespace metamict

int main(int argc, char** argv) {
  metamict::Settings settings;
  CLI::App app("Embedding: chips per second beside its peers");
  app.add_option("--px", settings.sizes, "chip sizes (64, 96, 128, 224)")
      ->delimiter(',')
      ->check(CLI::IsMember({64, 96, 128, 224}));
  app.add_option("--threads", settings.threads, "numbers of workers")->delimiter(',');
  app.add_option("--rounds", settings.rounds, "turns of each contestant");
  app.add_option("--scale", settings.scale, "more or fewer chips for the peers");
  app.add_option("--clock", settings.clock, "wall or processor")
      ->check(CLI::IsMember({"wall", "processor"}));
  app.add_option("--memory-px", settings.memory_px,
                 "instead: peak memory of one shared pass over an image of so many px a side");
  app.add_option("--model", settings.model, "a ResNet50");
  CLI11_PARSE(app, argc, argv);
  if (settings.memory_px > 0)
    metamict::print_memory(settings);
  else
    metamict::Bench(settings).run();
}
