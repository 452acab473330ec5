// SPDX-License-Identifier: GPL-3.0-or-later
// Real microscope files against what public readers say of them: shape, type, pixel size, first,
// last and sum; or the right refusal. Skipped where the folder of real data is absent.
#include <gtest/gtest.h>
#include <tiffio.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>

#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t limit_px = std::uint64_t{1} << 26;

std::vector<std::vector<std::string>> read_table(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, '\t');) cells.push_back(cell);
    cells.resize(12);
    rows.push_back(cells);
  }
  return rows;
}

std::vector<double> numbers_in(const std::string& text) {
  std::vector<double> numbers;
  static const std::regex number(R"([-+]?\d+\.?\d*(e[-+]?\d+)?)");
  for (std::sregex_iterator it(text.begin(), text.end(), number), end; it != end; ++it)
    numbers.push_back(std::stod(it->str()));
  return numbers;
}

// What is refused and for which reason, decided from the tables and the standards, not from our
// reader. First match counts.
struct Refusal {
  const char* files;
  const char* reason;
};
const Refusal refusals[] = {
    {R"(\.(emi|blo|unf|tvips|txt|bz2)$)", "unsupported format"},
    {R"(nexus_dls_example\.nxs)", "spectra"},
    {R"(^dm[34]/(3D/)?test-(3|5|13|27|28)\.)", "complex"},
    {R"(fft_packed|fei_example_complex_fft)", "complex"},
    {R"(^dm[34]/(3D/)?test-(8|23)\.|test_rgba16\.hdf5)", "colour"},
    {R"(^dm[345]/(3D/)?(ref_F_0_1|ref_F_1_1|ref_F_2_1|ref_T_0_1|08_carbon|EELS_SI|test-Mon.*spectrum-SI))",
     "spectrum"},
    {R"(test_diffraction_pattern|^tia.*(x5-diffraction_preview|64x64_diffraction|5x128x128_EDS_2)|JEOL-SightX-SAED|Ceta Diffraction|example2_v3\.1)",
     "diffraction"},
    {R"(^tia.*(spectr|line_profile|5x5x256x256_EDS|EELS|more_ser|no_AcquireDate).*\.ser$)",
     "spectr"},
    {R"(fei_emd_spectrum\.emd|pytemlib_EDS-STO)", "spectrum"},
    {R"(fei_emd_spectrum\.npy)", "1 dimension"},
    {R"(Si100_4D|emd_type1_stringDims|py4DSTEM)", "4 dimensions"},
    {R"(^ncem_emd/example_(bytes_string|spectrum)|^hspy/(example1|hspy_ext_missing|none_metadata|with_lists))",
     "spectrum"},
    {R"(example_object_dtype)", "text"},
    {R"(1[58]\d\d Camera Ceta)",
     "never written"},  // all zeros to other readers, because no chunk of it exists
};

std::string expected_refusal(const std::string& file) {
  for (const auto& [pattern, reason] : refusals)
    if (std::regex_search(file, std::regex(pattern))) return reason;
  return {};
}

struct Summary {
  double first = 0, last = 0, sum = 0;
};

// Long stacks by their mean, which so is tested too.
Summary summarise(const Format& format, const fs::path& path, std::size_t index,
                  const DatasetInfo& info, int frames) {
  const auto read = [&](std::optional<int> frame) {
    const cv::Mat pixels = format.read({path, index, frame, limit_px}).pixels;
    EXPECT_EQ(pixels.size(), cv::Size(info.cols, info.rows));
    return pixels;
  };
  const cv::Mat first = read(0), last = read(frames - 1);
  Summary summary{static_cast<double>(first.at<float>(0, 0)),
                  static_cast<double>(last.at<float>(last.rows - 1, last.cols - 1)),
                  cv::sum(first)[0]};
  if (frames > 8) summary.sum = cv::sum(read(std::nullopt))[0] * frames;
  for (int frame = 1; frame < frames && frames <= 8; ++frame)
    summary.sum += cv::sum(read(frame))[0];
  return summary;
}

// How many of the dataset's frames a table's shape speaks of; 0 when it does not fit.
int frames_of(std::vector<double> shape, const DatasetInfo& info) {
  while (shape.size() > 2 && std::find(shape.begin(), shape.end(), 1) != shape.end())
    shape.erase(std::find(shape.begin(), shape.end(), 1));  // axes of length one are no axes
  const auto is = [&](std::size_t row, std::size_t col) {
    return shape[row] == info.rows && shape[col] == info.cols;
  };
  if (shape.size() == 2 && is(0, 1)) return 1;
  if (shape.size() == 3 && is(1, 2) && shape[0] == info.frames) return info.frames;
  if (shape.size() == 3 && is(0, 1) && shape[2] == info.frames) return info.frames;
  return 0;
}

bool same_type(const std::string& ours, const std::string& theirs) {
  static const std::map<std::string, std::string> names = {
      {"uint1", "bool"},     {"palette1", "bool"}, {"palette4", "uint8"},
      {"palette8", "uint8"}, {"uint4", "uint8"},   {"uint12", "uint16"}};
  const auto name = names.find(ours);
  return theirs.empty() || ours == theirs || (name != names.end() && name->second == theirs);
}

// The pixels of an 8-bit TIFF as libtiff itself paints them, in 0..255 grey; nothing for what it
// cannot paint.
std::optional<cv::Mat> painted(const fs::path& path) {
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
  const std::unique_ptr<TIFF, void (*)(TIFF*)> tiff(TIFFOpen(path.c_str(), "r"), &TIFFClose);
  std::uint32_t rows = 0, cols = 0;
  if (!tiff || TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &rows) != 1 ||
      TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &cols) != 1)
    return std::nullopt;
  std::vector<std::uint32_t> raster(std::size_t{rows} * cols);
  if (TIFFReadRGBAImageOriented(tiff.get(), cols, rows, raster.data(), ORIENTATION_TOPLEFT, 1) != 1)
    return std::nullopt;
  cv::Mat grey(static_cast<int>(rows), static_cast<int>(cols), CV_32FC1);
  for (int row = 0; row < grey.rows; ++row)
    for (int col = 0; col < grey.cols; ++col) {
      const std::uint32_t colour =
          raster[static_cast<std::size_t>(row) * cols + static_cast<std::size_t>(col)];
      grey.at<float>(row, col) = static_cast<float>(
          0.299 * TIFFGetR(colour) + 0.587 * TIFFGetG(colour) + 0.114 * TIFFGetB(colour));
    }
  return grey;
}

// libtiff paints 1 to 16 bits into 8: ours, scaled the same way, may differ by its rounding and
// (with alpha) by nothing more.
::testing::AssertionResult agrees_with_painting(const Format& format, const fs::path& path,
                                                std::size_t index, const DatasetInfo& info) {
  const auto wanted = painted(path);
  if (!wanted) return ::testing::AssertionFailure() << "libtiff does not paint it";
  cv::Mat pixels = format.read({path, index, 0, limit_px}).pixels;
  if (pixels.size() != wanted->size()) return ::testing::AssertionFailure() << "another size";
  const auto bits = numbers_in(info.dtype);
  const bool palette = info.dtype.starts_with("palette");
  const double most =
      palette || bits.empty() ? 255 : std::ldexp(1.0, static_cast<int>(bits[0])) - 1;
  const double worst = cv::norm(pixels * (255 / most), *wanted, cv::NORM_INF);
  if (worst > 1.01)
    return ::testing::AssertionFailure()
           << "differs from libtiff's own painting by " << worst << " of 255";
  return ::testing::AssertionSuccess();
}

// Where the tables are silent: another file with the same image, or the values that Debian's
// tifffile, h5py and numpy give.
const std::map<std::string, std::string> same_image = {
    {"velox_emd/fei_emd_image.npy", "velox_emd/fei_emd_image.emd"},
    {"tia_ser_emi/64x64_TEM_images_acquire.npy", "tia_ser_emi/64x64_TEM_images_acquire_1.ser"},
    {"mrc/emd_3001.map.gz", "mrc/EMD-3001.map"},
    {"mrc/emd_3197.map.gz", "mrc/EMD-3197.map"},
    {"tiff/pillow/12bit.cropped.tif", "tiff/pillow/12in16bit.tif"},
    {"tiff/libtiff/test_float64_predictor2_be_lzw.tif",
     "tiff/libtiff/test_float64_predictor2_le_lzw.tif"},
    {"tiff/libtiff/test_float64_predictor2_le_lzw.tif",
     "tiff/libtiff/test_float64_predictor2_be_lzw.tif"}};
const std::map<std::string, Summary> second_reader = {
    {"tiff/olympus_SIS.tif", {7046, 7400, 90485618}},
    {"other/panta_rhei_sample.prz", {36193, 39084, 9854583}},
    {"other/panta_rhei_sample_legacy.prz", {36193, 39084, 9854583}},
    {"other/nxdata_tagged_as_string.nxs", {0, 5, 15}},
    {"other/nexus_dls_example_no_axes.nxs", {0, 0, 0}},
    {"other/nexus_test_datakey.nxs", {0, 0, 0}},
    {"other/saved_multi_signal.nxs", {0, 0, 0}},
    {"other/simple_signal.nxs", {0, 0, 0}}};

struct Tally {
  int agreed = 0, refused = 0, unsupported = 0, sizes = 0;
  std::vector<std::string> wrong, unchecked;
};

class RealFormats : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto real = test::real_data();
    if (!real) GTEST_SKIP() << "no folder of real data";
    root_ = *real / "formats";
    for (auto& row : read_table(*real / "COMPUTED.tsv")) computed_[row[0]] = row;
    for (auto& row : read_table(*real / "EXPECTED.tsv")) expected_[row[0]].push_back(row);
  }
  fs::path root_;
  std::map<std::string, std::vector<std::string>> computed_;
  std::map<std::string, std::vector<std::vector<std::string>>> expected_;
  Tally tally_;

  void wrong(const std::string& file, const std::string& what) {
    tally_.wrong.push_back(file + ": " + what);
  }

  // True when the values of the table's row are those of one of the datasets.
  bool check_values(const std::string& file, const Format& format,
                    const std::vector<DatasetInfo>& infos) {
    const auto row = computed_.find(file);
    if (row == computed_.end() || row->second[2].empty()) return false;
    const auto& cells = row->second;
    const auto shape = numbers_in(cells[1]);
    std::string why = "no dataset of shape " + cells[1];
    for (std::size_t i = 0; i < infos.size(); ++i) {
      const int frames = infos[i].image ? frames_of(shape, infos[i]) : 0;
      if (frames == 0) continue;
      if (!same_type(infos[i].dtype, cells[2])) {
        why = "type " + infos[i].dtype + " instead of " + cells[2];
        continue;
      }
      if (infos[i].dtype.starts_with("palette"))
        return false;  // the table has indices, we grey values: libtiff's painting decides
      const RawImage raw = format.read({root_ / file, i, 0, limit_px});
      const bool inverted = std::any_of(raw.notes.begin(), raw.notes.end(), [](const auto& note) {
        return note.find("inverted") != std::string::npos;
      });
      const double truth[] = {cells[5] == "True"    ? 1
                              : cells[5] == "False" ? 0
                                                    : std::stod(cells[5]),
                              cells[6] == "True"    ? 1
                              : cells[6] == "False" ? 0
                                                    : std::stod(cells[6]),
                              std::stod(cells[7])};
      const Summary ours = summarise(format, root_ / file, i, infos[i], frames);
      const double count = static_cast<double>(infos[i].rows) * infos[i].cols * frames;
      const auto flip = [&](double value, double pixels) {
        return inverted ? pixels - value : value;
      };  // only 1-bit files are inverted here
      const bool boolean = cells[2] == "bool";
      const double largest =
          boolean ? 1 : std::max(std::abs(std::stod(cells[3])), std::abs(std::stod(cells[4])));
      const auto near = [](double a, double b, double size) {
        return std::abs(a - b) <= 1e-6 * std::abs(b) + 1e-7 * size;
      };
      if (near(flip(ours.first, 1), truth[0], largest) &&
          near(flip(ours.last, 1), truth[1], largest) &&
          std::abs(flip(ours.sum, count) - truth[2]) <=
              2e-9 * std::abs(truth[2]) + 1e-7 * largest * std::sqrt(count) * 10 + 1e-9) {
        check_pixel_size(file, infos[i], cells[9]);
        return true;
      }
      std::ostringstream text;
      text << "first, last, sum " << ours.first << ", " << ours.last << ", " << ours.sum
           << " instead of " << cells[5] << ", " << cells[6] << ", " << cells[7];
      why = text.str();
    }
    // Colour images have a sample more than ours: libtiff's painting decides below.
    if (std::none_of(infos.begin(), infos.end(),
                     [](const auto& info) { return info.dtype.starts_with("rgb"); }))
      wrong(file, why);
    return false;
  }

  // "[0.0055, 0.0055] ['µm', 'µm']": y and x are the last two.
  void check_pixel_size(const std::string& file, const DatasetInfo& info, const std::string& cell) {
    const auto bracket = cell.find(']');
    if (!cell.starts_with('[') || bracket == std::string::npos) return;
    const auto scales = numbers_in(cell.substr(0, bracket));
    std::vector<std::string> units;
    static const std::regex unit("'([^']*)'");
    for (std::sregex_iterator it(cell.begin(), cell.end(), unit), end; it != end; ++it)
      units.push_back((*it)[1]);
    static const std::map<std::string, double> nm = {
        {"nm", 1},  {"\xC2\xB5m", 1e3}, {"\xCE\xBCm", 1e3}, {"um", 1e3},
        {"A", 0.1}, {"pm", 1e-3},       {"m", 1e9}};
    if (scales.size() < 2 || units.size() != scales.size()) return;
    const std::size_t y = scales.size() - 2, x = scales.size() - 1;
    if (!nm.contains(units[y]) || !nm.contains(units[x])) {
      if (info.nm_per_pixel) wrong(file, "a pixel size where the unit is '" + units[y] + "'");
      return;
    }
    expect_size(file, info, scales[y] * nm.at(units[y]), scales[x] * nm.at(units[x]), 1e-6);
  }

  void expect_size(const std::string& file, const DatasetInfo& info, double y, double x,
                   double tolerance) {
    if (!info.nm_per_pixel) return wrong(file, "the pixel size is missing");
    const auto [ours_y, ours_x] = *info.nm_per_pixel;
    if (std::abs(ours_y - y) > tolerance * y || std::abs(ours_x - x) > tolerance * x)
      return wrong(file, "pixel size " + std::to_string(ours_y) + ", " + std::to_string(ours_x) +
                             " nm instead of " + std::to_string(y) + ", " + std::to_string(x));
    ++tally_.sizes;
  }

  // What upstream tests assert: a pixel size to as many digits as they give, or none.
  void check_expected(const std::string& file, const std::vector<DatasetInfo>& infos,
                      std::size_t chosen) {
    static const std::map<std::string, double> nm = {
        {"nm", 1}, {"\xC2\xB5m", 1e3}, {"mm", 1e6}, {"\xC3\x85", 0.1}, {"m", 1e9}};
    for (const auto& row : expected_[file]) {
      const auto values = numbers_in(row[4]);
      if (values.empty() || row[4].starts_with("axis") ||
          file.find("AxioVision") != std::string::npos)
        continue;  // AxioVision's is dots per inch: never a pixel size
      if (row[5] == "none") {
        if (infos[chosen].nm_per_pixel) wrong(file, "a pixel size where there is none");
      } else if (nm.contains(row[5])) {
        const std::string digits = row[4].substr(0, row[4].find_first_of(" ("));
        const auto point = digits.find('.');
        const double step = digits.find('e') != std::string::npos
                                ? 1e-4 * values[0]
                                : std::pow(10.0, -static_cast<double>(digits.size() - point - 1));
        const double unit = nm.at(row[5]), x = values[0],
                     y = row[4].find(" y") != std::string::npos ? values[1] : x;
        expect_size(file, infos[chosen], y * unit, x * unit, std::max(1e-6, step / std::min(x, y)));
      }
    }
  }

  cv::Mat first_frame(const std::string& file) {
    const Format& format = recognise_format(root_ / file);
    return format
        .read({root_ / file, choose_dataset(format.list(root_ / file, limit_px), ""), 0, limit_px})
        .pixels;
  }

  // True when something else than COMPUTED.tsv says what the pixels are, and they are that.
  bool check_otherwise(const std::string& file, const Format& format, std::size_t chosen,
                       const DatasetInfo& info) {
    if (const auto twin = same_image.find(file); twin != same_image.end())
      return cv::norm(first_frame(file), first_frame(twin->second), cv::NORM_INF) == 0;
    const Summary ours = summarise(format, root_ / file, chosen, info, info.frames);
    if (const auto known = second_reader.find(file); known != second_reader.end())
      return ours.first == known->second.first && ours.last == known->second.last &&
             ours.sum == known->second.sum;
    for (const auto& row : expected_[file])
      if (row[6].starts_with("np.arange(1,")) {
        const double count = static_cast<double>(info.rows) * info.cols * info.frames;
        const bool boolean = info.dtype == "bool";
        return ours.first == 1 && ours.last == (boolean ? 1 : count) &&
               ours.sum == (boolean ? count : count * (count + 1) / 2);
      }
    return format.name == "TIFF" && agrees_with_painting(format, root_ / file, chosen, info);
  }

  void check(const std::string& file) {
    const std::string reason = expected_refusal(file);
    try {
      const Format& format = recognise_format(root_ / file);
      const auto infos = format.list(root_ / file, limit_px);
      const std::size_t chosen = choose_dataset(infos, "");
      const RawImage raw = format.read({root_ / file, chosen, 0, limit_px});
      if (!reason.empty()) return wrong(file, "read, but should be refused: " + reason);
      check_expected(file, infos, chosen);
      const std::size_t before = tally_.wrong.size();
      if (check_values(file, format, infos)) {
        ++tally_.agreed;
      } else if (tally_.wrong.size() == before) {
        if (check_otherwise(file, format, chosen, infos[chosen])) {
          ++tally_.agreed;
        } else {
          tally_.unchecked.push_back(file);
        }
      }
    } catch (const InputError& error) {
      if (reason.empty()) return wrong(file, std::string("refused: ") + error.what());
      if (std::string(error.what()).find(reason) == std::string::npos)
        return wrong(file,
                     std::string("should be refused as ") + reason + ", not: " + error.what());
      ++(reason == "unsupported format" ? tally_.unsupported : tally_.refused);
    }
  }
};

TEST_F(RealFormats, AgreeWithPublicReadersOrAreRefusedForTheRightReason) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root_))
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), root_).string());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) check(file);
  std::cout << files.size() << " files: " << tally_.agreed << " agreed, " << tally_.refused
            << " refused for the right reason, " << tally_.unsupported
            << " of an unsupported format, " << tally_.unchecked.size()
            << " read with no value to compare, " << tally_.wrong.size() << " wrong; "
            << tally_.sizes << " pixel sizes agreed\n";
  for (const auto& file : tally_.unchecked) std::cout << "  not compared: " << file << "\n";
  for (const auto& text : tally_.wrong) ADD_FAILURE() << text;
  // The folder of 315 files.
  EXPECT_GE(tally_.agreed, 189);
  EXPECT_GE(tally_.refused, 82);
  EXPECT_GE(tally_.unsupported, 44);
  EXPECT_GE(tally_.sizes, 57);
  EXPECT_EQ(tally_.unchecked.size(), 0U);
}

TEST_F(RealFormats, DamagedFilesNeverDoWorseThanASentence) {
  int read = 0, refused = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root_.parent_path() / "damaged")) {
    if (!entry.is_regular_file()) continue;
    SCOPED_TRACE(entry.path().string());
    const auto start = std::chrono::steady_clock::now();
    try {
      const Format& format = recognise_format(entry.path());
      const auto infos = format.list(entry.path(), limit_px);
      for (std::size_t i = 0; i < infos.size(); ++i)
        if (infos[i].image) format.read({entry.path(), i, 0, limit_px});
      ++read;
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).find(entry.path().string()), 0U) << error.what();
      ++refused;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start,
              std::chrono::seconds(20));  // 2 s of its own; the rest is for a busy machine
  }
  std::cout << read + refused << " damaged files: " << read << " read, " << refused << " refused\n";
  for (const char* name :
       {"png_jpg/broken.png", "png_jpg/broken_data_stream.png", "png_jpg/truncated_image.png",
        "png_jpg/truncated_jpeg.jpg", "tiff/libtiff_segfault.tif",
        "tiff/oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif",
        "tiff/crash-63b1dffefc8c075ddc606c0a2f5fdc15ece78863.tif", "hdf5/cve_2020_10810.h5"}) {
    const fs::path path = root_.parent_path() / "damaged" / name;
    if (fs::exists(path)) {
      EXPECT_THROW(recognise_format(path).read({path, 0, 0, limit_px}), InputError) << name;
    }
  }
}

}  // namespace
}  // namespace metamict
