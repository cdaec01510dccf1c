#include "test/bench/placement.hpp"

#include <cerrno>
#include <system_error>

namespace container_agent::bench {

namespace {

std::vector<std::size_t> usable_cores(const cpu_set_t& set) {
  std::vector<std::size_t> result;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set))
      result.push_back(core);
  return result;
}

cpu_set_t own_cores() {
  cpu_set_t result;
  if (::sched_getaffinity(0, sizeof(result), &result) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "sched_getaffinity");
  return result;
}

void move_to(pid_t pid, const cpu_set_t& set) {
  if (::sched_setaffinity(pid, sizeof(set), &set) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "sched_setaffinity");
}

void move_to_core(pid_t pid, std::size_t core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  move_to(pid, set);
}

} // namespace

std::string_view to_string(placement where) {
  switch (where) {
    case placement::alternate: return "across cores";
    case placement::one_core: return "on one core";
    case placement::free: return "unpinned";
  }
  return "?";
}

std::vector<placement> possible_placements() {
  if (usable_cores(own_cores()).size() < 2)
    return {placement::one_core};
  return {placement::alternate, placement::one_core, placement::free};
}

placed::placed(placement where) : where_(where), before_(own_cores()) {
  if (where_ != placement::free)
    move_to_core(0, usable_cores(before_).front());
}

placed::~placed() {
  // Only fails when the cores are gone; then the kernel chose others already.
  ::sched_setaffinity(0, sizeof(before_), &before_);
}

void placed::put(const chain& system) const {
  if (where_ == placement::free)
    return;
  auto cores = usable_cores(before_);
  // In the order in which the bytes meet them; the host is on the first core.
  std::size_t hop = 0;
  for (auto pid : system.pids()) {
    ++hop;
    move_to_core(pid,
                 where_ == placement::one_core ? cores[0] : cores[hop % 2]);
  }
}

} // namespace container_agent::bench
