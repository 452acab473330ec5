// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/program.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>

#include "app/process/failure.hpp"
#include "app/process/signals.hpp"
#include "app/verbs.hpp"
#include "base/system/beside_library.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

namespace {

template <class Verb>
int with_log(const Verb& verb, Console& console, int (*run_verb)(const Verb&, Console&, Log&)) {
  Log log(console, verb.common);
  try {
    return run_verb(verb, console, log);
  } catch (const std::exception& error) {
    log.error(one_line(error));
    return exit_code_of(error);
  }
}

struct Runner {
  Console& console;

  int operator()(const PrintText& print) const {
    console.out << print.text << std::flush;
    return console.out ? 0 : 6;
  }
  int operator()(const SegmentCommand& verb) const { return with_log(verb, console, run_segment); }
  int operator()(const SeriesCommand& verb) const { return with_log(verb, console, run_series); }
  int operator()(const WatchCommand& verb) const { return with_log(verb, console, run_watch); }
  int operator()(const InspectCommand& verb) const { return with_log(verb, console, run_inspect); }
  int operator()(const EvaluateCommand& verb) const {
    return with_log(verb, console, run_evaluate);
  }
  int operator()(const CompareCommand& verb) const { return with_log(verb, console, run_compare); }
  int operator()(const GatherCommand& verb) const { return with_log(verb, console, run_gather); }
};

}  // namespace

int run_program(const std::vector<std::string>& arguments, Console console) {
  try {
    return std::visit(Runner{console}, parse_command_line(arguments));
  } catch (const std::exception& error) {
    console.err << "error: " << printable(one_line(error)) << std::endl;
    return exit_code_of(error);
  }
}

namespace {

/// The portable archive has fonts of its own: the system may have none.
void use_own_fonts() {
  const std::filesystem::path fonts = library_folder() / "../../share/metamict/fonts/fonts.conf";
  std::error_code ignored;
  constexpr int keep_what_the_user_has_set = 0;
  if (std::filesystem::exists(fonts, ignored))
    setenv("FONTCONFIG_FILE", fonts.c_str(), keep_what_the_user_has_set);
}

}  // namespace

int run_main(int argc, char** argv, const OpenEncoder& open_encoder) try {
  use_own_fonts();
  std::set_terminate(end_for_want_of_memory);
  std::ios::sync_with_stdio(false);
  const SignalWatch watch;
  return run_program({argv + 1, argv + argc},
                     {std::cout, std::cerr, isatty(STDERR_FILENO) != 0, open_encoder});
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << std::endl;
  return exit_code_of(error);
}

}  // namespace metamict::app
