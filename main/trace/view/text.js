'use strict';
// How counts, times, sizes and texts read. Pure.
globalThis.view = globalThis.view || {};

view.text = (() => {
  const whole = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
  const tenth = new Intl.NumberFormat('en-US', {maximumFractionDigits: 1});

  function count(value) {
    return whole.format(value);
  }

  /// A number a second; small ones with a decimal.
  function rate(value) {
    return (value < 10 ? tenth : whole).format(value);
  }

  function plural(value, one, many) {
    return `${count(value)} ${value === 1 ? one : many}`;
  }

  function three_digits(value) {
    return value >= 100 ? value.toFixed(0)
      : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  }

  /// Nanoseconds, in the unit that fits.
  function duration(ns) {
    if (ns < 0) return `−${duration(-ns)}`;
    if (ns < 1e3) return `${Math.round(ns)} ns`;
    if (ns < 1e6) return `${three_digits(ns / 1e3)} µs`;
    if (ns < 1e9) return `${three_digits(ns / 1e6)} ms`;
    if (ns < 60e9) return `${three_digits(ns / 1e9)} s`;
    const seconds = Math.floor(ns / 1e9);
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  function size(bytes) {
    if (bytes < 1000) return `${tenth.format(bytes)} B`;
    const units = ['KiB', 'MiB', 'GiB', 'TiB'];
    let value = bytes / 1024;
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1024;
      ++unit;
    }
    return `${three_digits(value)} ${units[unit]}`;
  }

  const two = value => String(value).padStart(2, '0');

  /// The time of day of a moment of the trace, to the microsecond; to the
  /// second without `exact`.
  function clock(epoch_us, ns, exact) {
    const us = epoch_us + ns / 1e3;
    const date = new Date(us / 1e3);
    if (Number.isNaN(date.getTime())) return '–';
    const time = `${two(date.getHours())}:${two(date.getMinutes())}:`
      + two(date.getSeconds());
    if (!exact) return time;
    const fraction = Math.floor(us) % 1e6;
    return `${time}.${String(fraction).padStart(6, '0')}`;
  }

  function day(epoch_us) {
    const date = new Date(epoch_us / 1e3);
    if (Number.isNaN(date.getTime())) return '';
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-`
      + two(date.getDate());
  }

  /// At most `limit` characters, and how many there were.
  function cut(text, limit) {
    if (text.length <= limit) return text;
    return `${text.slice(0, limit)}… (${count(text.length)} characters)`;
  }

  return {count, rate, plural, duration, size, clock, day, cut};
})();
