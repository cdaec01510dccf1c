#pragma once

#include "test/bench/chain.hpp"

#include <sched.h>

#include <string_view>
#include <vector>

namespace container_agent::bench {

/// On which cores the host and the processes of a chain run.
///
/// A process switch within a core takes a few microseconds, one to another core
/// several times that. Left alone, the kernel settles for seconds on one
/// mixture of both and then on another, differently for each chain. Round trips
/// can be compared only if the placement is known.
enum class placement {
  alternate, ///< Each hop goes to the other one of two cores.
  one_core,  ///< All on one core: nothing but the work itself.
  free,      ///< As the kernel likes it: tells little, but it is how it runs.
};

/// For the name of a figure.
std::string_view to_string(placement where);

/// All that the cores of this machine allow, in the order above.
std::vector<placement> possible_placements();

/// While it lives, the calling thread (the host) and the processes of the
/// chains that were put in place run where `where` says.
class placed {
public:
  explicit placed(placement where);
  placed(const placed&) = delete;
  placed& operator=(const placed&) = delete;

  /// The host is as free as before; the chains stay where they are.
  ~placed();

  /// Call it once the chain has answered: its processes are all there then.
  void put(const chain& system) const;

private:
  placement where_;
  cpu_set_t before_;
};

} // namespace container_agent::bench
