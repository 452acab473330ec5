// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/support.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

namespace metamict::test {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "metamict-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("cannot make a temporary folder at " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  // A test may have taken the right to write away from a folder: give it back, or the removal
  // fails.
  for (std::filesystem::recursive_directory_iterator it(path_, ignored), end; !ignored && it != end;
       it.increment(ignored))
    if (it->is_directory(ignored) && !it->is_symlink(ignored))
      std::filesystem::permissions(it->path(), std::filesystem::perms::owner_all,
                                   std::filesystem::perm_options::add, ignored);
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all,
                               std::filesystem::perm_options::add, ignored);
  std::filesystem::remove_all(path_, ignored);
}

namespace {

/// Adds a Gaussian of height 1 to the image.
void stamp(cv::Mat& image, cv::Point2d centre, double sigma_px) {
  const int reach = static_cast<int>(std::ceil(4 * sigma_px));
  const int x0 = static_cast<int>(std::lround(centre.x)),
            y0 = static_cast<int>(std::lround(centre.y));
  for (int y = std::max(0, y0 - reach); y <= std::min(image.rows - 1, y0 + reach); ++y) {
    float* row = image.ptr<float>(y);
    for (int x = std::max(0, x0 - reach); x <= std::min(image.cols - 1, x0 + reach); ++x) {
      const double dx = x - centre.x, dy = y - centre.y;
      row[x] += static_cast<float>(std::exp(-(dx * dx + dy * dy) / (2 * sigma_px * sigma_px)));
    }
  }
}

/// Columns of atoms left of `amorphous_from`.
void draw_columns(cv::Mat& image, const LatticeImage& options) {
  const double edge_px =
      options.hexagonal ? options.period_px * 2 / std::sqrt(3.0) : options.period_px;
  const double angle = options.angle_deg * std::numbers::pi / 180;
  const double between = angle + (options.hexagonal ? std::numbers::pi / 3 : std::numbers::pi / 2);
  const cv::Point2d a(edge_px * std::cos(angle), edge_px * std::sin(angle));
  const cv::Point2d b(edge_px * std::cos(between), edge_px * std::sin(between));
  const double limit_px = options.amorphous_from * options.cols, margin_px = edge_px;
  const int reach = static_cast<int>(2 * std::hypot(options.rows, options.cols) / edge_px) + 2;
  for (int i = -reach; i <= reach; ++i)
    for (int j = -reach; j <= reach; ++j) {
      const cv::Point2d at = i * a + j * b + cv::Point2d(0.3, 0.7);  // no column exactly on a pixel
      if (at.x < -margin_px || at.y < -margin_px || at.x >= limit_px ||
          at.y > options.rows + margin_px)
        continue;
      stamp(image, at, 0.2 * edge_px);
    }
}

}  // namespace

cv::Mat draw_lattice(const LatticeImage& options) {
  std::mt19937_64 random(options.seed);
  const cv::Rect all(0, 0, options.cols, options.rows);
  const int limit = std::clamp(static_cast<int>(std::lround(options.amorphous_from * options.cols)),
                               0, options.cols);
  const cv::Rect crystal(0, 0, limit, options.rows),
      glass(limit, 0, options.cols - limit, options.rows);

  cv::Mat image = cv::Mat::zeros(all.size(), CV_32F);
  draw_columns(image, options);
  image *= 3.0;
  image += 1.0;

  if (glass.width > 0) {  // speckle: blurred white noise, as bright as the crystal
    const double mean = crystal.width > 0 ? cv::mean(image(crystal))[0] : 1.75;
    cv::Mat speckle(all.size(), CV_32F);
    std::normal_distribution<float> normal;
    for (float& value : cv::Mat_<float>(speckle)) value = normal(random);
    cv::GaussianBlur(speckle, speckle, {}, 0.12 * options.period_px + 0.5);
    cv::Scalar centre, spread;
    cv::meanStdDev(speckle, centre, spread);
    speckle = (speckle - centre[0]) * (0.15 * mean / spread[0]) + mean;
    cv::Mat(cv::max(speckle, 0.05 * mean))(glass).copyTo(image(glass));
  }

  if (options.counts <= 0) return image;
  image *= options.counts / cv::mean(image)[0];
  for (float& value : cv::Mat_<float>(image))
    value = static_cast<float>(
        std::poisson_distribution<int>(std::max(1e-6, static_cast<double>(value)))(random));
  return image;
}

Micrograph micrograph_of(const cv::Mat& pixels, std::optional<double> nm_per_pixel) {
  Micrograph micrograph;
  micrograph.path = "generated.tif";
  pixels.convertTo(micrograph.pixels, CV_32F);
  micrograph.nm_per_pixel = nm_per_pixel;
  micrograph.pixel_size_source = nm_per_pixel ? "given" : "unknown";
  micrograph.input_size = pixels.size();
  return micrograph;
}

namespace {

/// What the fake encoder looks at: grey, spread, gradients, powers in rings of the spectrum, and
/// how peaked it is.
std::vector<double> describe(const cv::Mat& chip) {
  cv::Scalar mean, spread;
  cv::meanStdDev(chip, mean, spread);
  const cv::Mat dx = chip.colRange(1, chip.cols) - chip.colRange(0, chip.cols - 1);
  const cv::Mat dy = chip.rowRange(1, chip.rows) - chip.rowRange(0, chip.rows - 1);
  const double roughness = (cv::norm(dx) + cv::norm(dy)) / std::sqrt(2.0 * chip.rows * chip.cols);

  cv::Mat window, spectrum;
  cv::createHanningWindow(window, chip.size(), CV_32F);
  cv::dft((chip - mean[0]).mul(window), spectrum, cv::DFT_COMPLEX_OUTPUT);
  std::vector<float> powers;
  std::vector<double> rings(4, 0.0);
  double total = 1e-9;
  for (int y = 0; y < chip.rows; ++y)
    for (int x = 0; x <= chip.cols / 2; ++x) {  // the other half mirrors this one
      const double radius = std::hypot(std::min(y, chip.rows - y), x) / chip.cols;
      if (radius < 1.5 / chip.cols || radius > 0.5) continue;
      const auto z = spectrum.at<cv::Vec2f>(y, x);
      const float power = z[0] * z[0] + z[1] * z[1];
      powers.push_back(power);
      rings[static_cast<std::size_t>(std::min(3.0, 4 * std::sqrt(radius / 0.5)))] += power;
      total += power;
    }
  const auto top = powers.begin() + std::min<std::ptrdiff_t>(12, std::ssize(powers));
  std::partial_sort(powers.begin(), top, powers.end(), std::greater<>());
  double peaked = 0;
  for (auto it = powers.begin(); it != top; ++it) peaked += *it;

  std::vector<double> described{1.5 * mean[0], spread[0], roughness, 2 * peaked / total};
  for (double ring : rings) described.push_back(0.5 * std::sqrt(ring / total));
  return described;
}

class FakeEncoder : public Encoder {
 public:
  FakeEncoder(int features, int input_px, std::string sha256)
      : features_(features), input_px_(input_px), sha256_(std::move(sha256)) {
    std::mt19937 random(20230731);
    // Written out, because the distributions of the standard library differ between libraries.
    const auto uniform = [&random] { return (static_cast<double>(random()) + 0.5) / 4294967296.0; };
    for (int i = 0; i < features * descriptors; ++i) {
      const double radius = std::sqrt(-2 * std::log(uniform()));
      slopes_.push_back(radius * std::cos(2 * std::numbers::pi * uniform()));
    }
    for (int i = 0; i < features; ++i) offsets_.push_back(2 * std::numbers::pi * uniform());
  }

  EncoderIdentity identity() const override {
    EncoderIdentity identity;
    identity.name = "fake";
    identity.sha256 = sha256_;
    identity.kind = "fake";
    identity.provenance = "Random smooth features of simple statistics, for tests.";
    identity.features = features_;
    identity.input_px = input_px_;
    identity.precision = "float32";
    identity.device = "cpu";
    identity.embedding = "chip";
    identity.path = "fake";
    return identity;
  }

  /// Random Fourier features: the cosine of two rows approximates a Gaussian of the distance of the
  /// descriptions.
  RowMatrixXf encode(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise,
                     const Progress& progress) override {
    RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), features_);
    for (std::size_t node = 0; node < grid.chips(); ++node) {
      cv::Mat chip = canonical.pixels(grid.chip(node)).clone();
      if (normalise == Normalise::chip) {
        cv::Scalar mean, spread;
        cv::meanStdDev(chip, mean, spread);
        chip = (chip - mean[0]) / std::max(spread[0], 1e-6);
      }
      const std::vector<double> described = describe(chip);
      for (int feature = 0; feature < features_; ++feature) {
        double phase = offsets_[static_cast<std::size_t>(feature)];
        for (int i = 0; i < descriptors; ++i)
          phase += slopes_[static_cast<std::size_t>(feature * descriptors + i)] *
                   described[static_cast<std::size_t>(i)];
        rows_ND(static_cast<Eigen::Index>(node), feature) = static_cast<float>(std::cos(phase));
      }
      if (progress) progress("embed", node + 1, grid.chips());
    }
    return rows_ND;
  }

 private:
  static constexpr int descriptors = 8;
  int features_, input_px_;
  std::string sha256_;
  std::vector<double> slopes_, offsets_;
};

}  // namespace

std::unique_ptr<Encoder> fake_encoder(int features, int input_px, std::string sha256) {
  return std::make_unique<FakeEncoder>(features, input_px, std::move(sha256));
}

std::optional<std::filesystem::path> real_data() {
  const char* given = std::getenv("METAMICT_REAL_DATA");
  const std::filesystem::path folder =
      given != nullptr && *given != '\0'
          ? std::filesystem::path(given)
          : std::filesystem::path(METAMICT_SOURCE_DIR) / ".." / "shared" / "real";
  if (!std::filesystem::is_directory(folder)) return {};
  return std::filesystem::canonical(folder);
}

Ran run_command(const std::string& command) {
  const TemporaryFolder folder;
  const auto out = folder / "out", err = folder / "err";
  const int status = std::system(
      ("( " + command + "\n) >'" + out.string() + "' 2>'" + err.string() + "'").c_str());
  Ran ran{-1, slurp(out), slurp(err)};
  if (WIFEXITED(status)) ran.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ran.status = 128 + WTERMSIG(status);
  return ran;
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace metamict::test
