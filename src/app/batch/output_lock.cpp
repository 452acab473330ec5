// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/output_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "metamict/errors.hpp"

namespace metamict::app {

namespace {

/// "process 1234", or what can be said when the number is not there yet.
std::string holder(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(descriptor, text.data(), text.size() - 1, 0);
  const std::string number(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos)
    return "another process";
  return "process " + number;
}

}  // namespace

OutputLock::OutputLock(const std::filesystem::path& folder, int shard)
    : path_(folder / (shard > 0 ? ".metamict." + std::to_string(shard) + ".lock"
                                : std::string(".metamict.lock"))) {
  while (!take()) ::close(descriptor_);
  hurry_.emplace([this] { ::unlink(path_.c_str()); });
}

/// False when the file lost its name between the opening and the locking: the one who held it has
/// removed it.
bool OutputLock::take() {
  do descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0)
    throw OutputError(path_.string() + " cannot be created: " + std::strerror(errno));
  int failure = 0;
  do failure = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  while (failure == EINTR);
  if (failure == EWOULDBLOCK) {
    const std::string who = holder(descriptor_);
    ::close(descriptor_);
    throw OutputError(path_.parent_path().string() + " is being written by " + who +
                      ": wait for it, or give another --output");
  }
  if (failure != 0) {
    note_ = path_.parent_path().string() + " cannot be locked (" + std::strerror(failure) +
            "): see to it that no second process writes there";
    return true;
  }
  struct stat opened {
  }, named{};
  if (::fstat(descriptor_, &opened) != 0 || ::stat(path_.c_str(), &named) != 0 ||
      opened.st_ino != named.st_ino)
    return false;
  const std::string number = std::to_string(::getpid());
  // The number only makes the other process's sentence better. The lock holds without it.
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, number.data(), number.size(), 0) < 0)
    return true;
  return true;
}

OutputLock::~OutputLock() {
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace metamict::app
