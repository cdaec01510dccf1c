#pragma once

#include "test/simulation/chance.hpp"

#include <stdexcept>
#include <string_view>

namespace container_agent::simulation {

/// How often what goes wrong, drawn by the seed. Rates are "one in so many
/// times", 0 is never.
struct fault_plan {
  std::uint32_t handler = 0; ///< an exception out of a handler, each message
  std::uint32_t kill = 0;    ///< an actor is killed, each message
  std::uint32_t port = 0;    ///< a port throws, each call
  std::uint32_t constructor = 0; ///< an actor cannot be made, each start
  std::uint32_t most = 0;        ///< no more than so many in a run
  bool supervisor = false;       ///< the supervisor's handlers fail, too

  static fault_plan draw(chance& dice);
};

/// What a faulty port throws.
class injected_fault : public std::runtime_error {
public:
  using runtime_error::runtime_error;
};

/// What an actor meets at a message.
enum class strike : std::uint8_t {
  none,
  before, ///< an exception before its handler has done anything
  after,  ///< an exception when its handler has done everything
  kill,   ///< somebody sends it an exit
};

/// Decides where a fault strikes.
class fault_injector {
public:
  fault_injector(fault_plan plan, chance dice) : plan_{plan}, dice_{dice} {}

  /// No faults from now on.
  void cease() { left_off_ = true; }

  /// No faults in the supervisor from now on.
  void spare_supervisor() { plan_.supervisor = false; }

  /// An actor is about to take a message.
  strike at_message(std::string_view actor);

  /// Throws, perhaps. Ports call it first of all: who throws has done nothing.
  /// `rarely`: one that is made so many times more often than others.
  void at_port(const char* call, std::uint32_t rarely = 1);

  /// Throws, perhaps.
  void at_constructor(const std::string& actor);

  std::uint32_t count() const { return count_; }

private:
  bool strikes(std::uint32_t rate);

  fault_plan plan_;
  chance dice_;
  bool left_off_ = false;
  bool spared_ = false; // the actor that runs now
  std::uint32_t count_ = 0;
};

} // namespace container_agent::simulation
