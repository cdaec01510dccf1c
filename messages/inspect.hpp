#pragma once

#include <caf/meta/type_name.hpp>

/// CAF 0.17 wants `inspect` in this form, newer CAF in another: one macro
/// hides it.
#define CONTAINER_AGENT_INSPECT(type, ...)                                     \
  template <class Inspector>                                                   \
  friend typename Inspector::result_type inspect(Inspector& f, type& x) {      \
    (void)x;                                                                   \
    return f(caf::meta::type_name(#type) __VA_OPT__(, ) __VA_ARGS__);          \
  }
