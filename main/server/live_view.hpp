#pragma once

#include <string_view>

namespace container_agent {

/// The live view's page, made of main/trace/view/ by the build.
std::string_view live_view_page();

} // namespace container_agent
