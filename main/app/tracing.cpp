#include "main/app/tracing.hpp"
#include "messages/agent_version.hpp"

#include <functional>
#include <utility>

namespace container_agent {

namespace {

runtime::tracer_config tracer_settings(const options& o,
                                       runtime::event_loop& loop) {
  return {.ring = o.trace.ring,
          .version = std::string{agent_version()},
          .now = {},
          .when_idle = [&loop](std::function<void()> job) {
            loop.when_idle(std::move(job));
          }};
}

} // namespace

tracing::tracing(const options& settings, runtime::event_loop& loop,
                 event_log& log, message_hook* next)
  : events_{tracer_settings(settings, loop), next},
    dumps_{settings.trace.directory, settings.pipes.instance, events_, loop,
           log} {
  if (!settings.trace.file.empty())
    file_.emplace(trace_file::config{settings.trace.file,
                                     settings.trace.file_size,
                                     settings.trace.files},
                  events_, loop, log);
}

std::unique_ptr<tracing> make_tracing(const options& settings,
                                      runtime::event_loop& loop, event_log& log,
                                      message_hook* next) {
  if (settings.trace.ring == 0 && settings.trace.file.empty())
    return nullptr;
  return std::make_unique<tracing>(settings, loop, log, next);
}

} // namespace container_agent
