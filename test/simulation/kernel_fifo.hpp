#pragma once

#include "test/simulation/byte_ports.hpp"

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace container_agent::simulation {

/// A FIFO that all hold open for reading and writing, as with `--keep-claude`:
/// it outlives the agents, nobody sees its end, and what it holds stays. The
/// host and Claude use it as any pipe; an agent by calls like the kernel's.
class kernel_fifo final : public reading_end, public writing_end {
public:
  /// Its plan must hold PIPE_BUF bytes.
  kernel_fifo(run_context& run, pipe_plan plan);

  // -- the host, Claude -------------------------------------------------------

  std::size_t available() const override { return content().size(); }
  std::string take(std::size_t most) override;
  void on_data(agenda::event notify) override { on_data_ = std::move(notify); }
  bool at_end() const override { return false; }
  void abandon() override {}

  std::size_t room() const override;
  void give(std::string_view data) override;
  void end() override {}
  std::size_t unread() const override { return content().size(); }
  void on_room(agenda::event notify) override { on_room_ = std::move(notify); }

  // -- the agent --------------------------------------------------------------

  std::size_t capacity() const { return plan_.capacity; }
  std::size_t longest() const { return plan_.longest; }
  std::string_view content() const {
    return std::string_view{text_}.substr(begin_);
  }

  /// As write(2), read(2) and splice(2), without waiting.
  ssize_t write(std::string_view data);
  std::string read(std::size_t most);
  ssize_t splice_to(kernel_fifo& other, std::size_t most);

  /// Called when it has got more, and when it has room for more.
  agenda::event on_more;
  agenda::event on_drained;

  /// Calls this once all that it holds now was taken.
  void mark(agenda::event what);

private:
  struct milestone {
    std::uint64_t at = 0;
    agenda::event what;
  };

  void append(std::string_view data);
  void pass_marks();

  run_context& run_;
  chance dice_;
  pipe_plan plan_;
  std::string text_;
  std::size_t begin_ = 0;
  std::uint64_t taken_ = 0;
  std::deque<milestone> marks_;
  agenda::event on_data_;
  agenda::event on_room_;
};

} // namespace container_agent::simulation
