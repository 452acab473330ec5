// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as people read them in sentences.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>

namespace metamict {

/// Up to four significant decimals, no trailing zeros, never the locale's comma: 46.08, 16, 0.034.
inline std::string number(double value) {
  char text[64];
  const auto [end, failure] = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6);
  return std::string(text, failure == std::errc{} ? end : text);
}

/// 1.5 GiB, 320 MiB, 100 bytes.
inline std::string bytes_text(std::uint64_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / (1 << 20);
  char text[32];
  if (bytes < 1 << 20)
    std::snprintf(text, sizeof text, "%llu bytes", static_cast<unsigned long long>(bytes));
  else if (mebibytes >= 1024)
    std::snprintf(text, sizeof text, "%.1f GiB", mebibytes / 1024);
  else
    std::snprintf(text, sizeof text, "%.0f MiB", mebibytes);
  return text;
}

}  // namespace metamict
