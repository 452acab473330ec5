// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/system/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "metamict/errors.hpp"

extern char** environ;

namespace metamict {

namespace {

// The child's processor time is limited to seconds. Longer silence means a machine or a file system
// without an answer.
constexpr int patience_ms = 120000;
constexpr std::size_t most_line = std::size_t{16} << 20;

}  // namespace

Child::Child(const std::string& program, const std::vector<std::string>& arguments, int input) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw InputError(std::string("cannot start ") + program + ": " + std::strerror(errno));
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input >= 0)
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  else
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int error = posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  descriptor_ = ends[0];
  if (error == 0) return;
  ::close(descriptor_);
  throw InputError("cannot start " + program + ": " + std::strerror(error));
}

Child::~Child() {
  ::close(descriptor_);
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Child::fill() {
  pollfd waiting{descriptor_, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&waiting, 1, patience_ms)) < 0 && errno == EINTR) {
  }
  if (ready == 0) throw InputError("reading it took too long");
  std::array<char, 1 << 16> block{};
  ssize_t got = 0;
  while ((got = ::read(descriptor_, block.data(), block.size())) < 0 && errno == EINTR) {
  }
  if (got <= 0) return false;
  pending_.append(block.data(), static_cast<std::size_t>(got));
  return true;
}

std::string Child::read_line() {
  std::size_t end = 0;
  while ((end = pending_.find('\n')) == std::string::npos) {
    if (pending_.size() > most_line) throw InputError("damaged: its description is endless");
    if (!fill()) return {};
  }
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return line;
}

void Child::read(void* to, std::size_t count) {
  auto* bytes = static_cast<char*>(to);
  const std::size_t held = std::min(count, pending_.size());
  std::memcpy(bytes, pending_.data(), held);
  pending_.erase(0, held);
  for (std::size_t done = held; done < count;) {
    pollfd waiting{descriptor_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, patience_ms);
    if (ready == 0) throw InputError("reading it took too long");
    const ssize_t got = ready < 0 ? ready : ::read(descriptor_, bytes + done, count - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw InputError("reading it ended before the image did (" + finish() + ")");
    done += static_cast<std::size_t>(got);
  }
}

std::string Child::finish() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGXCPU ? "it took too long"
                                       : std::string("ended by ") + strsignal(WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? "" : "ended with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace metamict
