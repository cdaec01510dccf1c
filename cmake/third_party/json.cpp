// Boost.JSON, compiled once: Debian's package has it as a shared library, which
// would be one more thing to install where the agent runs.
#include <boost/json/src.hpp>
