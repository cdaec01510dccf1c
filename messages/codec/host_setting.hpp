#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace container_agent::codec {

/// A control message of the host that sets something in Claude, as the host
/// wrote it, without its LF.
struct host_setting {
  std::string request_id; ///< the host's; empty: it has none
  std::string line;
  bool acknowledged = false; ///< by a Claude
};

/// What such a message sets.
struct setting_name {
  std::string subtype; ///< `set_permission_mode`
  std::string slot;    ///< a later message with the same slot replaces this
                       ///< one; empty: it sets nothing lasting
  std::string mode;    ///< of `set_permission_mode`
};

/// Reads a line that was checked before. Nothing if it is neither a control
/// request nor an update of environment variables.
std::optional<setting_name> setting_in(std::string_view line);

/// What a host writes to set the permission mode, without LF.
std::string permission_mode_line(std::string_view mode);

} // namespace container_agent::codec
