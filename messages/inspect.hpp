#pragma once

#include <caf/meta/type_name.hpp>

/// CAF 0.17 wants `inspect` in this form, newer CAF in another: one macro
/// hides it. `member_names`: "x.first, x.second", for whoever prints them.
#define CONTAINER_AGENT_INSPECT(type, ...)                                     \
  static constexpr const char* member_names = "" #__VA_ARGS__;                 \
  template <class Inspector>                                                   \
  friend typename Inspector::result_type inspect(Inspector& f, type& x) {      \
    (void)x;                                                                   \
    return f(caf::meta::type_name(#type) __VA_OPT__(, ) __VA_ARGS__);          \
  }
