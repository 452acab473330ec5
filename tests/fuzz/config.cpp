// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a file of options: a UsageError, or a table that is written and read back as it is,
// and options whose own file (run.toml) gives the same options again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "app/command_line/options.hpp"
#include "metamict/errors.hpp"

namespace {

using metamict::app::OptionTable;

std::string file_with(const std::string& text) {
  static const int file = memfd_create("config", 0);
  if (file < 0 || ftruncate(file, 0) != 0 ||
      pwrite(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    std::abort();
  return "/proc/self/fd/" + std::to_string(file);
}

OptionTable options_of(const std::string& text) {
  const auto command =
      metamict::app::parse_command_line({"segment", "--config", file_with(text), "--print-config"});
  return std::get<metamict::app::SegmentCommand>(command).effective;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  OptionTable read, effective;
  try {
    read = metamict::app::read_config(file_with(text));
    effective = options_of(text);
  } catch (const metamict::UsageError&) {  // the sentence that is owed
  }
  if (metamict::app::read_config(file_with(metamict::app::to_toml(read))) != read) std::abort();
  if (!effective.empty() && options_of(metamict::app::to_toml(effective)) != effective)
    std::abort();
  return 0;
}
