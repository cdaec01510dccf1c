#pragma once

#include <string_view>

namespace container_agent {

/// The live view's page. The build makes it from main/trace/view/.
std::string_view live_view_page();

} // namespace container_agent
