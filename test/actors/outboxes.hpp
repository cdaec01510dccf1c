#pragma once

#include "actors/credit.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace container_agent::test {

/// A credit, as any of the windows.
struct plain_window {
  std::uint64_t taken = 0;
  std::uint64_t limit = 0;
};

inline constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

/// Takes all that waits in an outbox, as a receiver without limits does.
template <class Item>
std::vector<Item> empty_out(outbox<Item>& box) {
  std::vector<Item> result;
  box.update(plain_window{0, no_limit});
  while (const auto* item = box.next())
    result.push_back(*item);
  box.update(plain_window{box.next_sequence() - 1, no_limit});
  return result;
}

/// The bytes of all that waits, one behind the other.
template <class Item>
std::string bytes_in(outbox<Item>& box) {
  std::string result;
  for (const auto& item : empty_out(box))
    result += item.data.view();
  return result;
}

} // namespace container_agent::test
