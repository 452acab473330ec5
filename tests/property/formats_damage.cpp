// SPDX-License-Identifier: GPL-3.0-or-later
// Files cut at any byte and with any byte of their head changed: an error in a sentence, or the
// whole image; never a crash, a hang, a flood of memory or part of an image.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>

#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr std::uint64_t limit_px = std::uint64_t{1} << 28;

struct Loaded {
  DatasetInfo info;
  cv::Mat pixels;
};

Loaded load(const fs::path& path) {
  const Format& format = recognise_format(path);
  const auto infos = format.list(path, limit_px);
  const std::size_t chosen = choose_dataset(infos, "");
  return {infos[chosen], format.read({path, chosen, 0, limit_px}).pixels};
}

bool same(const Loaded& a, const Loaded& b) {
  return a.info.name == b.info.name && a.info.frames == b.info.frames &&
         a.info.nm_per_pixel == b.info.nm_per_pixel && a.pixels.size() == b.pixels.size() &&
         cv::norm(a.pixels, b.pixels, cv::NORM_INF) == 0;
}

void spill(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

struct Count {
  int tried = 0, refused = 0, whole = 0, other = 0;
  double slowest_s = 0;
  std::string slowest;
};

// Some ten thousand small files: in memory where the system offers that.
const bool in_memory = fs::is_directory("/dev/shm") && setenv("TMPDIR", "/dev/shm", 1) == 0;

class Damage : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  Count count_;

  // One damaged version of a file; `truncated` ones may only be refused or be whole.
  void try_bytes(const std::string& name, const std::string& bytes,
                 const std::optional<Loaded>& whole, bool truncated) {
    const fs::path path = folder_ / name;
    spill(path, bytes);
    const auto start = Clock::now();
    ++count_.tried;
    try {
      const Loaded loaded = load(path);
      ASSERT_LE(loaded.pixels.total(), limit_px);
      const bool equal = whole && same(loaded, *whole);
      ++(equal ? count_.whole : count_.other);
      if (truncated) {
        EXPECT_TRUE(equal) << name << " cut to " << bytes.size()
                           << " bytes was accepted, but is not the whole image";
      }
    } catch (const InputError& error) {
      ++count_.refused;
    }
    if (const double took = std::chrono::duration<double>(Clock::now() - start).count();
        took > count_.slowest_s) {
      count_.slowest_s = took;
      count_.slowest = name;
    }
  }

  void cut(const fs::path& path, std::size_t points) {
    const std::string bytes = test::slurp(path);
    const std::string name = path.filename().string();
    std::optional<Loaded> whole;
    try {
      whole = load(path);
    } catch (const InputError&) {  // samples that are refused for what they are must stay refused
    }
    const std::size_t tries = std::min(points, bytes.size());
    for (std::size_t i = 0; i < tries; ++i)
      try_bytes(name, bytes.substr(0, bytes.size() * i / tries), whole, true);
  }

  void flip(const fs::path& path, std::size_t points, std::size_t reach) {
    const std::string bytes = test::slurp(path);
    const std::size_t head = std::min(reach, bytes.size()), tries = std::min(points, head);
    for (std::size_t i = 0; i < tries; ++i)
      for (const int change : {0x01, 0x80, 0xFF}) {
        std::string changed = bytes;
        auto& byte = changed[head * i / tries];
        byte = static_cast<char>(byte ^ change);
        try_bytes(path.filename().string(), changed, std::nullopt, false);
      }
  }

  void report(const char* what) const {
    EXPECT_GT(count_.refused, count_.tried / 10);
    rusage own{}, children{};
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    std::cout << what << (in_memory ? ": " : " (on disk): ") << count_.tried << " tried, "
              << count_.refused << " refused, " << count_.whole << " whole, " << count_.other
              << " read; slowest " << count_.slowest_s << " s (" << count_.slowest << "), peak "
              << own.ru_maxrss / 1024 << " MB, children " << children.ru_maxrss / 1024 << " MB\n";
#if !defined(__SANITIZE_ADDRESS__)
    EXPECT_LT(own.ru_maxrss, 512 * 1024);
    EXPECT_LT(children.ru_maxrss, 512 * 1024);
#endif
    EXPECT_LT(count_.slowest_s, 10);  // 2 s on a quiet machine
  }

  std::vector<fs::path> samples(bool hdf5) {
    const auto ran =
        test::run_command(std::string(METAMICT_PYTHON) + " " + METAMICT_SOURCE_DIR +
                          "/tests/fuzz/make_corpus.py " + (folder_ / "samples").string());
    EXPECT_EQ(ran.status, 0) << ran.err;
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder_ / "samples"))
      if ((entry.path().filename().string().find("hdf5") != std::string::npos) == hdf5)
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
  }
};

TEST_F(Damage, SmallSamplesCutAtEveryByte) {
  for (const auto& path : samples(false)) cut(path, 4096);
  report("cut at every byte");
}

TEST_F(Damage, SmallSamplesWithEveryHeadByteChanged) {
  for (const auto& path : samples(false)) flip(path, 300, 1200);
  report("head bytes changed");
}

TEST_F(Damage, Hdf5InItsChild) {
  for (const auto& path : samples(true)) {
    cut(path, 12);
    flip(path, 8, 2000);
  }
  report("HDF5 samples");
}

TEST_F(Damage, RealFilesCutAndChanged) {
  const auto real = test::real_data();
  if (!real) GTEST_SKIP() << "no folder of real data";
  for (const char* name :
       {"dm3/ref_F_0_2.dm3", "dm3/Fei HAADF-FR_location.dm3", "dm4/ref_T_0_2.dm4",
        "tia_ser_emi/16x16_STEM_BF_DF_acquire_1.ser", "tia_ser_emi/64x64_TEM_images_acquire_1.ser",
        "mrc/temp.mrc", "mrc/HAADFscan.mrc", "tiff/test_loading_image_saved_with_DM.tif",
        "tiff/test_loading_image_saved_with_imageJ_stack.tif",
        "tiff/libtiff/deflate-last-strip-extra-data.tiff",
        "tiff/tiff_FEI_Helios/FEI-Helios-Ebeam-8bits.tif", "tiff/libtiff/quad-tile.jpg.tiff"}) {
    if (!fs::exists(*real / "formats" / name)) continue;
    cut(*real / "formats" / name, 100);
    flip(*real / "formats" / name, 50, 400);
  }
  for (const char* name : {"velox_emd/fei_example_tem_stack.emd", "ncem_emd/example_image.emd",
                           "hspy/example2_v2.2.hspy", "dm5/ref_F_0_2.dm5"}) {
    if (!fs::exists(*real / "formats" / name)) continue;
    cut(*real / "formats" / name, 8);
    flip(*real / "formats" / name, 6, 3000);
  }
  report("real files");
}

}  // namespace
}  // namespace metamict
