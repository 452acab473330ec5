// SPDX-License-Identifier: GPL-3.0-or-later
// What this machine gives the process, and what the process is made of.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace metamict {

/// Threads to use: the smallest of the processors the process may run on, the cgroup's quota and SLURM_CPUS_PER_TASK.
int machine_threads();

/// Memory to use in bytes: the smaller of what the machine has available and what is left of the cgroup's limit.
std::uint64_t machine_memory_bytes();

/// Peak resident memory of the process in bytes since reset_peak_memory().
std::uint64_t peak_memory_bytes();
void reset_peak_memory();

/// Name and version of every library, compiler, BLAS and the processor's best instruction set; loads no library.
std::map<std::string, std::string> versions();

/// Processor name, cores, memory.
std::map<std::string, std::string> machine();

}  // namespace metamict
