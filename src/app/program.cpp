// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/program.hpp"

#include <unistd.h>

#include <exception>
#include <iostream>
#include <new>
#include <opencv2/core/utility.hpp>
#include <system_error>

#include "app/process/signals.hpp"
#include "app/process/trust.hpp"
#include "app/verbs.hpp"
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
  int operator()(const EvaluateCommand& verb) const { return with_log(verb, console, run_evaluate); }
};

}  // namespace

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return true;
  const auto* opencv = dynamic_cast<const cv::Exception*>(&error);
  return opencv != nullptr && opencv->code == cv::Error::StsNoMem;
}

int exit_code_of(const std::exception& error) {
  if (dynamic_cast<const UsageError*>(&error)) return 2;
  if (dynamic_cast<const InputError*>(&error)) return 3;
  if (dynamic_cast<const ModelError*>(&error)) return 4;
  if (dynamic_cast<const ResourceError*>(&error)) return 5;
  if (is_out_of_memory(error)) return 5;
  if (const auto* system = dynamic_cast<const std::system_error*>(&error);
      system != nullptr && system->code() == std::errc::resource_unavailable_try_again)
    return 5;  // no further thread
  if (dynamic_cast<const OutputError*>(&error)) return 6;
  if (dynamic_cast<const Interrupted*>(&error)) return 128 + stop_signal.load();
  return 7;
}

std::string about(const std::filesystem::path& file, const std::exception& error) {
  const std::string line =
      is_out_of_memory(error) ? "memory ran out: give a larger --stride or --spill DIR" : one_line(error);
  const std::string name = file.filename().string();
  return line.find(name) != std::string::npos ? line : name + ": " + line;
}

std::filesystem::path default_encoder() {
  const std::vector<std::filesystem::path> folders = model_folders();
  for (const auto& folder : folders)
    for (const char* name : {"metamict-resnet50.pt", "untrained/metamict-untrained-resnet50.pt"})
      if (std::error_code failure; std::filesystem::exists(folder / name, failure))
        return std::filesystem::weakly_canonical(folder / name);
  throw ModelError("no encoder was found in " + folders.front().string() +
                   ": run scripts/make_untrained_encoder.py, or give one with --encoder FILE");
}

int run_program(const std::vector<std::string>& arguments, Console console) {
  try {
    return std::visit(Runner{console}, parse_command_line(arguments));
  } catch (const std::exception& error) {
    console.err << "error: " << printable(one_line(error)) << std::endl;
    return exit_code_of(error);
  }
}

int run_main(int argc, char** argv, const OpenEncoder& open_encoder) try {
  std::set_terminate(end_for_want_of_memory);
  std::ios::sync_with_stdio(false);
  const SignalWatch watch;
  return run_program({argv + 1, argv + argc}, {std::cout, std::cerr, isatty(STDERR_FILENO) != 0, open_encoder});
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << std::endl;
  return exit_code_of(error);
}

}  // namespace metamict::app
