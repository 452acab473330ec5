// SPDX-License-Identifier: GPL-3.0-or-later
// Files appear whole or not at all; numbers and words are written as their readers want them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <limits>
#include <random>

#include "base/system/whole_file.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

using test::TemporaryFolder;
using ::testing::HasSubstr;

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(WholeFile, HoldsWhatWasWrittenAndItsHash) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += "line " + std::to_string(i) + "\n";  // several buffers
  WholeFile file(folder / "a.txt");
  for (std::size_t i = 0; i < text.size(); i += 77'777)
    file.write(std::string_view(text).substr(i, 77'777));
  file.write({});
  EXPECT_FALSE(std::filesystem::exists(folder / "a.txt"))
      << "before finish() only the .part may be there";
  const WrittenFile written = file.finish();
  EXPECT_EQ(test::slurp(folder / "a.txt"), text);
  EXPECT_EQ(written.bytes, text.size());
  EXPECT_EQ(
      written.sha256,
      test::run_command("sha256sum < '" + (folder / "a.txt").string() + "'").out.substr(0, 64));
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(WholeFile, UnfinishedLeavesNothingAndKeepsTheOldFile) {
  const TemporaryFolder folder;
  write_whole(folder / "a.txt", "old");
  { WholeFile(folder / "a.txt").write("new"); }
  EXPECT_EQ(test::slurp(folder / "a.txt"), "old");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(WholeFile, StalePartOfAnEarlierRunIsNoObstacle) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.txt.part") << "left over from a crash, and longer than what follows";
  write_whole(folder / "a.txt", "new");
  EXPECT_EQ(test::slurp(folder / "a.txt"), "new");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

void expect_output_error(const std::filesystem::path& path, std::string_view bytes,
                         const std::string& words) {
  try {
    write_whole(path, bytes);
    ADD_FAILURE() << path << " was written";
  } catch (const OutputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

TEST(WholeFile, FailuresNameTheFileAndTheReason) {
  const TemporaryFolder folder;
  expect_output_error(folder / "missing/a.txt", "x", "No such file or directory");
  std::filesystem::create_directory(folder / "taken");
  expect_output_error(folder / "taken", "x", "directory");  // a folder has the name
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(WholeFile, FullDiskLeavesNothing) {
  // A limit on the size of files fails as a full disk does: in write(), part of the way.
  const TemporaryFolder folder;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const rlimit small{1 << 20, old_limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  expect_output_error(folder / "large.bin", std::string(3 << 20, 'x'), "File too large");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(files_in(folder.path()), 0U);
}

TEST(Words, NumbersReadBackAsTheSame) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 2000; ++i) {
    const double value =
        std::ldexp(static_cast<double>(random()) - 9e18, static_cast<int>(random() % 200) - 150);
    EXPECT_EQ(std::stod(shortest(value)), value);
    const auto small = static_cast<float>(static_cast<double>(random()) / 1e20);
    EXPECT_EQ(std::stof(shortest(small)), small);
    EXPECT_EQ(static_cast<float>(tidy(small)), small);
    EXPECT_LE(shortest(tidy(small)).size(), 13U);
  }
  EXPECT_EQ(shortest(0.1F), "0.1");
  EXPECT_EQ(shortest(tidy(0.1F)), "0.1");
  EXPECT_EQ(fixed(2.0 / 3, 3), "0.667");
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1'000), "1,000");
  EXPECT_EQ(with_thousands(1'234'567), "1,234,567");
}

TEST(Words, ACellOfCsvIsQuotedAndNeverAFormula) {
  EXPECT_EQ(csv_cell("film.tif"), "film.tif");
  EXPECT_EQ(csv_cell(""), "");
  EXPECT_EQ(csv_cell("Doe, \"J.\""), "\"Doe, \"\"J.\"\"\"");
  for (const char* number : {"-3.5", "-1e-9", "0"}) EXPECT_EQ(csv_cell(number), number);
  for (const char* formula : {"=1+1", "+A1", "-A1", "@SUM(A1)", "-3.5 nm", "-inf"})
    EXPECT_EQ(csv_cell(formula), std::string("'") + formula);
  EXPECT_EQ(csv_cell("\t=1"), "\"'\t=1\"");
  EXPECT_EQ(csv_cell("a;=1"), "\"a;=1\"") << "some countries' spreadsheets part cells there";
}

TEST(Words, EscapedTextIsCleanUtf8) {
  EXPECT_EQ(escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(clean_utf8("5 µm ≥ \xF0\x9F\x94\xAC"), "5 µm ≥ \xF0\x9F\x94\xAC");
  EXPECT_EQ(clean_utf8(std::string("a\x01\n\x7F\0b", 6)), "ab");
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(clean_utf8("\xB5m"), replacement + "m");                               // Latin-1
  EXPECT_EQ(clean_utf8("\xC0\xAF"), replacement + replacement);                    // overlong
  EXPECT_EQ(clean_utf8("\xED\xA0\x80"), replacement + replacement + replacement);  // surrogate
  EXPECT_EQ(clean_utf8("x\xE2\x82"), "x" + replacement + replacement);             // cut short
  EXPECT_EQ(clean_utf8("\xEF\xBF\xBE"), "");  // U+FFFE: XML refuses it
}

TEST(Words, Base64) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFE\xFD"), "//79");
  EXPECT_EQ(base64_of_hex("fffefd"), "//79");
}

}  // namespace
}  // namespace metamict
