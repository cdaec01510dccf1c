// All of Asio that is not a template, compiled once for the whole project.
#include <boost/asio/impl/src.hpp>
