#pragma once

#include "test/simulation/run_context.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace container_agent::simulation {

/// How bytes move through a pipe, drawn by the seed.
struct pipe_plan {
  std::size_t capacity = 64 * 1024; ///< what the kernel holds
  std::size_t longest = 64 * 1024;  ///< most bytes in one go

  static pipe_plan draw(chance& dice);
};

/// A pipe or a FIFO in the kernel. It outlives the processes at its ends.
class pipe {
public:
  pipe(run_context& run, pipe_plan plan) : run_{run}, plan_{plan} {}

  // -- who writes
  // ---------------------------------------------------------------

  /// How many bytes it would take now.
  std::size_t room() const {
    return unread() < plan_.capacity ? plan_.capacity - unread() : 0;
  }

  void give(std::string_view data);

  /// The last writer leaves, behind all it gave. A FIFO may get another one.
  void end();

  /// Called with what is given, and whether no end was before it.
  std::function<void(std::string_view data, bool open)> on_give;

  /// Called when something was taken, and when nobody reads any more.
  void on_room(agenda::event notify) { on_room_ = std::move(notify); }

  /// Nobody reads any more.
  bool abandoned() const { return abandoned_; }

  // -- who reads
  // ----------------------------------------------------------------

  std::size_t available() const { return unread(); }

  /// All of it, which stays.
  std::string_view look() const {
    return std::string_view{text_}.substr(begin_);
  }

  /// Up to `most` bytes, in order.
  std::string take(std::size_t most);

  /// Called when there is something to take, or the last writer has left.
  void on_data(agenda::event notify) { on_data_ = std::move(notify); }

  /// All was taken, and nobody writes any more.
  bool at_end() const { return ended_ && unread() == 0; }

  /// Forgets that the last writer has left: a FIFO may get another one.
  void expect_writer() { ended_ = false; }

  /// Closes it: who writes gets an error, if that can be seen.
  void abandon();

  // -- both
  // -----------------------------------------------------------------------

  std::size_t unread() const { return text_.size() - begin_; }
  std::size_t longest() const { return plan_.longest; }

  /// The receivers of all notifications have gone.
  void forget_all() { on_data_ = on_room_ = nullptr; }

private:
  void tell(const agenda::event& whom) {
    if (whom)
      run_.calendar.soon(whom);
  }

  run_context& run_;
  pipe_plan plan_;
  std::string text_;
  std::size_t begin_ = 0;
  bool ended_ = false;
  bool abandoned_ = false;
  agenda::event on_data_;
  agenda::event on_room_;
};

} // namespace container_agent::simulation
