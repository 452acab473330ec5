// SPDX-License-Identifier: GPL-3.0-or-later
// Says how much of the machine the process may use, and which versions it is made of.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace metamict {

/// The number of threads to use: the least of the process's processors, the cgroup's quota and
/// SLURM_CPUS_PER_TASK.
int machine_threads();

/// The memory to use in bytes: the smaller of what the machine has available and what is left of
/// the cgroup's limit.
std::uint64_t machine_memory_bytes();

/// Peak resident memory of the process in bytes since reset_peak_memory().
std::uint64_t peak_memory_bytes();
void reset_peak_memory();

/// Names and versions of libraries, compiler and BLAS, and the processor's best instruction set. It
/// loads no library.
std::map<std::string, std::string> versions();

/// Processor name, cores, memory.
std::map<std::string, std::string> machine();

}  // namespace metamict
