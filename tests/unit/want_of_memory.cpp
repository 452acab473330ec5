// SPDX-License-Identifier: GPL-3.0-or-later
// How the process ends where no one can catch what was thrown.
#include <gtest/gtest.h>

#include <csignal>
#include <exception>
#include <fstream>
#include <new>
#include <stdexcept>

#include "app/process/signals.hpp"
#include "support/support.hpp"

namespace metamict::app {
namespace {

template <class Error>
void throw_where_none_may(const Error& error) noexcept {
  std::set_terminate(end_for_want_of_memory);
  std::rethrow_exception(std::make_exception_ptr(error));  // as from a destructor that allocates
}

TEST(WantOfMemory, EndsWithASentenceAndWithoutTemporaryFiles) {
  const test::TemporaryFolder folder;
  const auto part = folder / "film.part";
  std::ofstream(part) << "half";
  const OnHurry clear([&] { std::filesystem::remove(part); });
  EXPECT_EXIT(throw_where_none_may(std::bad_alloc()), testing::ExitedWithCode(5),
              "^error: memory ran out: give");
  EXPECT_FALSE(std::filesystem::exists(part));
}

TEST(WantOfMemory, AlsoWhenClearingAwayFindsNone) {
  const OnHurry clear([] { throw_where_none_may(std::bad_alloc()); });
  EXPECT_EXIT(throw_where_none_may(std::bad_alloc()), testing::ExitedWithCode(5), "memory ran out");
}

TEST(WantOfMemory, AnyOtherErrorIsNotTakenForIt) {
  EXPECT_EXIT(throw_where_none_may(std::runtime_error("a bug")), testing::KilledBySignal(SIGABRT),
              "^$");
}

}  // namespace
}  // namespace metamict::app
