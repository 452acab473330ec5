// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/system/machine.hpp"

#include <dlfcn.h>
#include <igraph/igraph_version.h>
#include <sched.h>
#include <sys/resource.h>
#include <tiffvers.h>

#include <Eigen/Core>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <oneapi/dnnl/dnnl.hpp>
#include <opencv2/core/version.hpp>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/text.hpp"

namespace metamict {

namespace {

std::optional<std::uint64_t> parse(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end == text.data()) return {};
  return value;
}

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Value of a "Name:   123 kB" line of a file of /proc, in bytes.
std::uint64_t proc_bytes(const std::filesystem::path& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const auto digit = line.find_first_of("0123456789");
    if (digit == std::string::npos) return 0;
    return parse(std::string_view(line).substr(digit)).value_or(0) * 1024;
  }
  return 0;
}

/// The folder of the process's cgroup (version 2), or the root where it cannot be told.
std::filesystem::path cgroup_folder() {
  const std::string line = first_line("/proc/self/cgroup");
  const std::filesystem::path root = "/sys/fs/cgroup";
  return line.starts_with("0::/") ? root / line.substr(4) : root;
}

/// The smallest first word of `file` from the process's cgroup up to the root. "max" counts as
/// none.
std::optional<std::uint64_t> cgroup_minimum(const char* file) {
  std::optional<std::uint64_t> smallest;
  for (auto folder = cgroup_folder(); folder.string().starts_with("/sys/fs/cgroup");
       folder = folder.parent_path())
    if (const auto value = parse(first_line(folder / file)))
      smallest = std::min(smallest.value_or(*value), *value);
  return smallest;
}

std::optional<int> cgroup_processors() {
  std::istringstream words(first_line(cgroup_folder() / "cpu.max"));
  std::string quota, period;
  words >> quota >> period;
  const auto q = parse(quota), p = parse(period);
  if (!q || !p || *p == 0) return {};
  return static_cast<int>((*q + *p - 1) / *p);
}

std::string cpu_capability() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_amx:
      return "AVX-512 with AMX";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512 with bfloat16";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512 with VNNI";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx2_vnni:
      return "AVX2 with VNNI";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    default:
      return "below AVX2";
  }
}

/// The BLAS that LibTorch would load, by following the system's link.
std::string blas() {
  for (const char* name : {"/etc/alternatives/libblas.so.3-x86_64-linux-gnu",
                           "/usr/lib/x86_64-linux-gnu/libblas.so.3"}) {
    std::error_code failure;
    const auto target = std::filesystem::canonical(name, failure);
    if (!failure)
      return target.string().find("openblas") != std::string::npos
                 ? "OpenBLAS (" + target.string() + ")"
                 : target.string();
  }
  return "unknown";
}

}  // namespace

int machine_threads() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  int threads = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  if (const auto quota = cgroup_processors()) threads = std::min(threads, *quota);
  if (const char* slurm = std::getenv("SLURM_CPUS_PER_TASK"))
    if (const auto given = parse(slurm)) threads = std::min(threads, static_cast<int>(*given));
  return std::max(1, threads);
}

std::uint64_t machine_memory_bytes() {
  std::uint64_t memory = proc_bytes("/proc/meminfo", "MemAvailable:");
  if (const auto limit = cgroup_minimum("memory.max")) {
    const std::uint64_t used = parse(first_line(cgroup_folder() / "memory.current")).value_or(0);
    memory = std::min(memory, *limit > used ? *limit - used : 0);
  }
  return memory;
}

std::uint64_t peak_memory_bytes() { return proc_bytes("/proc/self/status", "VmHWM:"); }

void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

std::map<std::string, std::string> versions() {
  const dnnl_version_t& onednn = *dnnl_version();
  const auto dotted = [](int a, int b, int c) {
    return std::to_string(a) + "." + std::to_string(b) + "." + std::to_string(c);
  };
  return {{"metamict", METAMICT_VERSION},
          {"LibTorch", METAMICT_TORCH_VERSION},
          {"OpenCV", CV_VERSION},
          {"Eigen", dotted(EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
          {"igraph", IGRAPH_VERSION},
          {"oneDNN", dotted(onednn.major, onednn.minor, onednn.patch)},
          {"libtiff", std::to_string(TIFFLIB_VERSION)},
          {"nlohmann-json", dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                   NLOHMANN_JSON_VERSION_PATCH)},
          {"compiler", "GCC " __VERSION__},
          {"BLAS", blas()},
          {"CPU capability", cpu_capability()}};
}

std::map<std::string, std::string> machine() {
  std::string model = "unknown";
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  return {{"processor", model},
          {"CPU capability", cpu_capability()},
          {"threads", std::to_string(machine_threads())},
          {"memory", bytes_text(proc_bytes("/proc/meminfo", "MemTotal:"))}};
}

}  // namespace metamict
