// SPDX-License-Identifier: GPL-3.0-or-later
// All errors of the library are of this family. A message is one sentence: what, where, which
// value, what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace metamict {

/// The base of every error that the library throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A wrong option, value or combination of options (exit code 2).
class UsageError : public Error {
 public:
  using Error::Error;
};

/// An image that cannot be read or is not fit to be segmented (exit code 1, or 3 when no image was
/// done).
class InputError : public Error {
 public:
  using Error::Error;
};

/// A model that is missing, damaged, of the wrong shape or not trusted (exit code 4).
class ModelError : public Error {
 public:
  using Error::Error;
};

/// Refused before starting, because memory or disk would not do (exit code 5).
class ResourceError : public Error {
 public:
  using Error::Error;
};

/// An output that could not be written (exit code 6).
class OutputError : public Error {
 public:
  using Error::Error;
};

/// Thrown by a progress callback or a guard to end the work early (exit code 130 or 143).
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// Returns the message on one line, whatever a library wrote into it.
std::string one_line(const std::exception& error);

}  // namespace metamict
