// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/cut.hpp"

#include <gtest/gtest.h>

#include "metamict/errors.hpp"
#include "support/score_graphs.hpp"

namespace metamict {
namespace {

TEST(ParseCutRule, KnowsTheRulesByNameAndNumbersAsTyped) {
  EXPECT_EQ(parse_cut_rule("mean").kind, CutKind::mean);
  EXPECT_EQ(parse_cut_rule("median").kind, CutKind::median);
  EXPECT_EQ(parse_cut_rule("mode").kind, CutKind::mode);
  const CutRule rule = parse_cut_rule("0.250");
  EXPECT_EQ(rule.kind, CutKind::number);
  EXPECT_EQ(rule.number, 0.25);
  EXPECT_EQ(rule.name, "0.250");
}

TEST(ParseCutRule, RefusesWhatIsNoCut) {
  for (const char* text : {"", "Mean", "mod", "1.01", "-0.1", "nan", "inf", "0.5x", "0,5"})
    EXPECT_THROW(parse_cut_rule(text), UsageError) << text;
}

TEST(ChooseCut, TellsMeanMedianAndModeApart) {
  // Left-skewed, as real scores are: most pairs alike, a tail of unlike ones. Ten pairs: 0, 13107,
  // 3 x 45875, 5 x 59000.
  const std::vector<Quantum> scores{0,     13107, 45875, 45875, 45875,
                                    59000, 59000, 59000, 59000, 59000};
  std::size_t next = 0;
  Similarity similarity =
      test::similarity_of(5, [&](std::size_t, std::size_t) { return scores[next++]; });
  similarity.statistics.mean = (0 + 13107 + 3 * 45875 + 5 * 59000) / 10.0 / 65535;
  similarity.statistics.median = (45875 + 59000) / 2.0 / 65535;
  EXPECT_DOUBLE_EQ(choose_cut(similarity, parse_cut_rule("mean")).value,
                   similarity.statistics.mean);
  EXPECT_DOUBLE_EQ(choose_cut(similarity, parse_cut_rule("median")).value,
                   similarity.statistics.median);
  EXPECT_DOUBLE_EQ(choose_cut(similarity, parse_cut_rule("mode")).value, 0.90);
  EXPECT_DOUBLE_EQ(choose_cut(similarity, parse_cut_rule("mode"), 4).value, 0.75);
  EXPECT_DOUBLE_EQ(choose_cut(similarity, parse_cut_rule("0.3")).value, 0.3);
}

}  // namespace
}  // namespace metamict
