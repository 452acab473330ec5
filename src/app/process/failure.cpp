// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/process/failure.hpp"

#include <new>
#include <opencv2/core.hpp>
#include <system_error>

#include "app/process/signals.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

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
  const std::string line = is_out_of_memory(error)
                               ? "memory ran out: give a larger --stride or --spill DIR"
                               : one_line(error);
  const std::string name = file.filename().string();
  return line.find(name) != std::string::npos ? line : name + ": " + line;
}

}  // namespace metamict::app
