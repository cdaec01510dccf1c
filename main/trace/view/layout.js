'use strict';
// Where the nodes of the graph stand, and how its edges bend. Pure.
globalThis.view = globalThis.view || {};

view.layout = (() => {
  const {vocabulary} = view;
  const {host, claude, clients} = vocabulary;

  const node_height = 38;
  const row_height = 56;
  const wide_from = 600;

  /// The way of the bytes: drawn always, whatever was seen.
  const main_edges = [[host, 'pipe_input'], ['pipe_input', 'conversation'],
    ['conversation', 'claude_process'], ['claude_process', claude],
    [claude, 'claude_process'], ['claude_process', 'conversation'],
    ['conversation', 'pipe_output'], ['pipe_output', host]];

  const on_main = new Set(main_edges.flat());

  /// The others, in rows above the main way: who supervises, who asks.
  function around(names) {
    const known = ['supervision', 'supervisor', 'health_monitor',
      'shutdown_coordinator', 'control', 'http'];
    const rest = names.filter(name => !on_main.has(name) && name !== clients);
    const place = name => known.includes(name) ? known.indexOf(name)
      : known.length;
    return [...rest.sort((a, b) => place(a) - place(b)
      || (a < b ? -1 : 1)), clients];
  }

  /// For names and a width: {height, nodes: Map name → {x, y, width}}, where x
  /// and y are a node's middle.
  function arrange(names, width) {
    const nodes = new Map();
    const upper = around(names);
    const wide = width >= wide_from;
    const columns = wide ? Math.max(3, Math.floor(width / 150)) : 2;
    const rows = Math.ceil(upper.length / columns);
    const in_row = Math.ceil(upper.length / rows);
    const gap = wide ? 14 : 8;
    upper.forEach((name, i) => {
      const row = Math.floor(i / in_row);
      const length = Math.min(in_row, upper.length - row * in_row);
      const step = width / length;
      nodes.set(name, {x: step * (i % in_row + 0.5),
        y: node_height / 2 + 6 + row * (wide ? row_height : 50),
        width: Math.min(wide ? 160 : 175, step - gap)});
    });
    const top = rows * (wide ? row_height : 50) + (wide ? 16 : 22);
    const height = wide ? place_wide(nodes, width, top)
      : place_narrow(nodes, width, top);
    return {height, nodes, wide};
  }

  function place_wide(nodes, width, top) {
    const middle = top + 58;
    const step = width / 5;
    const size = Math.min(150, step - 16);
    const put = (name, column, y) => nodes.set(name,
      {x: step * (column + 0.5), y, width: size});
    put(host, 0, middle);
    put('pipe_input', 1, top + 16);
    put('pipe_output', 1, top + 100);
    put('conversation', 2, middle);
    put('claude_process', 3, middle);
    put(claude, 4, middle);
    return top + 100 + node_height / 2 + 6;
  }

  function place_narrow(nodes, width, top) {
    const size = Math.min(175, width / 2 - 8);
    const put = (name, x, row) => nodes.set(name,
      {x: width * x, y: top + node_height / 2 + row * 66, width: size});
    put(host, 0.5, 0);
    put('pipe_input', 0.25, 1);
    put('pipe_output', 0.75, 1);
    put('conversation', 0.5, 2);
    put('claude_process', 0.5, 3);
    put(claude, 0.5, 4);
    return top + 4 * 66 + node_height + 10;
  }

  /// A curve from node to node that keeps to the right of its way, so that
  /// there and back are two. {ax, ay, cx, cy, bx, by}: middles and the control
  /// point; from `leaves` to `enters`, of 0 to 1, it is outside of both.
  function curve(a, b) {
    const dx = b.x - a.x;
    const dy = b.y - a.y;
    const length = Math.hypot(dx, dy) || 1;
    const bend = Math.min(34, 10 + length * 0.09);
    const c = {ax: a.x, ay: a.y, bx: b.x, by: b.y,
      cx: (a.x + b.x) / 2 - dy / length * bend,
      cy: (a.y + b.y) / 2 + dx / length * bend, leaves: 0, enters: 1};
    const steps = 100;
    const inside = (node, t) => {
      const at = along(c, t);
      return Math.abs(at.x - node.x) < node.width / 2
        && Math.abs(at.y - node.y) < node_height / 2;
    };
    for (let i = 0; i < steps && inside(a, i / steps); ++i) {
      c.leaves = i / steps;
    }
    for (let i = steps; i > 0 && inside(b, i / steps); --i) {
      c.enters = i / steps;
    }
    return c;
  }

  /// A point of it, t from 0 to 1.
  function along(c, t) {
    const u = 1 - t;
    return {x: u * u * c.ax + 2 * u * t * c.cx + t * t * c.bx,
      y: u * u * c.ay + 2 * u * t * c.cy + t * t * c.by};
  }

  return {arrange, curve, along, main_edges, node_height};
})();
