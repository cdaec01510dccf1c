#pragma once

#include "test/simulation/pipe.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace container_agent::simulation {

/// The host's end of the input FIFO: writes a text in pieces, as there is room.
class host_writer {
public:
  host_writer(run_context& run, pipe& input, std::size_t longest)
    : run_{run}, input_{input}, longest_{longest} {
    input_.on_room([this] { push_bytes(); });
  }

  /// Called when a text is written.
  std::function<void()> on_written;

  /// Begins a text; the one before is written. `leaves`: the writer closes the
  /// FIFO behind it.
  void write(std::string text, bool leaves);

  bool writes() const { return !unwritten_.empty(); }

private:
  void push_bytes();

  run_context& run_;
  pipe& input_;
  std::size_t longest_;
  std::string unwritten_;
  bool leaves_ = false;
};

/// How it reads, drawn by the seed.
struct reading_plan {
  std::size_t size = 0;      ///< most bytes in one go
  time_span pause{0};        ///< longest between two reads
  std::uint32_t absence = 0; ///< one in so many times it leaves for a while
};

/// Its end of the output FIFO.
class host_reader {
public:
  using taker = std::function<void(const std::string& data)>;

  host_reader(run_context& run, chance& dice, pipe& output, reading_plan plan,
              taker take)
    : run_{run},
      dice_{dice},
      output_{output},
      plan_{plan},
      take_{std::move(take)} {
    output_.on_data([this] { look(); });
  }

  void look();

  /// From now on it reads at once whatever there is.
  void behave();

  void read_to_end();

private:
  run_context& run_;
  chance& dice_;
  pipe& output_;
  reading_plan plan_;
  taker take_;
  bool looking_ = false;
};

} // namespace container_agent::simulation
