#include "test/bench/flows.hpp"

#include "test/bench/payload.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace container_agent::bench {

namespace {

/// As much of a line as is shown when it is wrong.
constexpr std::size_t shown_bytes = 120;

[[noreturn]] void out_of_order(std::uint64_t expected, std::string_view got) {
  throw std::runtime_error("lost, doubled or out of order: expected number "
                           + std::to_string(expected) + ", got: "
                           + std::string{got.substr(0, shown_bytes)});
}

/// The agent's own records pass, unless they tell of a loss.
void check_record(std::string_view line) {
  if (!line.starts_with(R"({"type":"container_agent")"))
    throw std::runtime_error("an unexpected line: "
                             + std::string{line.substr(0, shown_bytes)});
  for (std::string_view bad : {"rejected", "failed", "claude_exited"})
    if (line.find("\"subtype\":\"" + std::string{bad} + '"') != line.npos)
      throw std::runtime_error("the agent reports: " + std::string{line});
}

/// Reads up to the next line that begins with `prefix` and checks it.
void read_numbered(line_reader& lines, std::string_view prefix,
                   std::uint64_t number, std::size_t size) {
  for (;;) {
    auto line = lines.next();
    if (line.starts_with(prefix)) {
      if (line.size() != size
          || read_number(line.substr(prefix.size())) != number)
        out_of_order(number, line);
      return;
    }
    check_record(line);
  }
}

} // namespace

background_writer::background_writer(chain& to, std::function<void()> write)
  : to_(to), thread_([this, write = std::move(write)] {
      block_interruption();
      try {
        write();
      } catch (...) {
        error_ = std::current_exception();
      }
    }) {}

background_writer::~background_writer() {
  if (!thread_.joinable())
    return;
  to_.stop();
  thread_.join();
}

void background_writer::finish() {
  thread_.join();
  if (error_)
    std::rethrow_exception(error_);
}

void write_blocks(const chain& to, std::uint64_t blocks) {
  std::string block(block_bytes, 'x');
  for (std::uint64_t i = 0; i < blocks; ++i) {
    write_number(block.data(), i);
    write_all(to.input(), block);
  }
}

void read_blocks(const chain& from, std::uint64_t blocks) {
  std::vector<char> buffer(block_bytes);
  std::string number; // the part of it that has come
  std::size_t at = 0; // place in the block
  for (std::uint64_t i = 0; i < blocks;) {
    auto n = read_some(from.output(), buffer);
    for (std::size_t used = 0; used < n;) {
      if (at < number_digits) {
        auto part = std::min(number_digits - at, n - used);
        number.append(buffer.data() + used, part);
        if (number.size() == number_digits) {
          if (read_number(number) != i)
            out_of_order(i, number);
          number.clear();
        }
        at += part;
        used += part;
        continue;
      }
      auto part = std::min(block_bytes - at, n - used);
      at += part;
      used += part;
      if (at == block_bytes) {
        at = 0;
        ++i;
      }
    }
  }
}

void read_flood(line_reader& lines, std::uint64_t bytes) {
  auto count = lines_of_flood(bytes);
  for (std::uint64_t i = 0; i < count; ++i)
    read_numbered(lines, assistant_prefix, i, line_bytes);
  read_numbered(lines, result_prefix, 0, line_bytes);
}

void write_prompts(const chain& to, std::uint64_t count, std::size_t size) {
  auto line = user_line(size);
  for (std::uint64_t i = 0; i < count; ++i)
    write_all(to.input(), line.with(i));
}

void read_results(line_reader& lines, std::uint64_t count, std::size_t size) {
  for (std::uint64_t i = 0; i < count; ++i)
    read_numbered(lines, result_prefix, i, size);
}

} // namespace container_agent::bench
