#include "main/app/system_ports.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace container_agent::runtime {

namespace {

// 256 bits, because one random word would allow for only 2^32 sequences, and so
// for equal uuids in large fleets.
std::mt19937_64 make_engine() {
  std::random_device device;
  std::array<std::random_device::result_type, 8> words{};
  std::ranges::generate(words, std::ref(device));
  std::seed_seq seed(words.begin(), words.end());
  return std::mt19937_64{seed};
}

} // namespace

std::chrono::system_clock::time_point system_wall_clock::now() const {
  return std::chrono::system_clock::now();
}

system_random_source::system_random_source() : engine_{make_engine()} {}

std::uint64_t system_random_source::next() {
  return engine_();
}

} // namespace container_agent::runtime
