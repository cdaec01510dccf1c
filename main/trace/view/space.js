'use strict';
// Which place of the timeline is which time and lane. Pure.
globalThis.view = globalThis.view || {};

view.space = (() => {
  const axis_height = 24;

  /// Where everything is: {width, gutter, lane_height, lanes: [name], left,
  /// span}.
  function x_of(space, time) {
    return space.gutter
      + (time - space.left) / space.span * (space.width - space.gutter);
  }

  function time_at(space, x) {
    return space.left
      + (x - space.gutter) / (space.width - space.gutter) * space.span;
  }

  const height_of = space => axis_height
    + space.lanes.length * space.lane_height;
  const lane_top = (space, index) => axis_height + index * space.lane_height;
  const middle = (space, index) => lane_top(space, index)
    + space.lane_height - 10;

  return {x_of, time_at, height_of, lane_top, middle, axis_height};
})();
