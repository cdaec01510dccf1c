'use strict';
// What the page knows of the agent: its actors, their order, and the families
// that the types of messages fall into. Unknown ones are welcome. Pure.
globalThis.view = globalThis.view || {};

view.vocabulary = (() => {
  /// Outside of the agent: lanes and nodes for the bytes that cross.
  const host = 'Host';
  const claude = 'Claude';
  const clients = 'Clients';

  /// The order of the lanes: the way of a prompt, then those around it.
  const order = [host, 'pipe_input', 'conversation', 'claude_process', claude,
    'pipe_output', 'supervisor', 'health_monitor', 'shutdown_coordinator',
    'control', 'http', 'supervision'];
  const always = new Set(order.slice(0, 10));

  /// Beyond this many names, further actors share a place.
  const max_actors = 40;
  const others = 'other actors';

  const families = [
    {id: 'prompt', name: 'to Claude'},
    {id: 'answer', name: 'to the host'},
    {id: 'credit', name: 'credit'},
    {id: 'wakeup', name: 'wake-up'},
    {id: 'health', name: 'health'},
    {id: 'order', name: 'supervision'},
    {id: 'fault', name: 'fault'},
  ];

  const family_by_type = new Map(Object.entries({
    prompt: ['host_line', 'host_input_ended', 'child_input', 'launch_child',
      'renew_child', 'close_child_input', 'signal_child'],
    answer: ['child_output', 'child_started', 'child_ended', 'host_output'],
    wakeup: ['input_arrived', 'output_drained', 'child_changed',
      'control_requested', 'deadline_passed'],
    health: ['health_tick', 'health_report', 'get_health'],
    fault: ['error', 'down'],
  }).flatMap(([family, types]) => types.map(type => [type, family])));

  function family_of(type) {
    const known = family_by_type.get(type);
    if (known) return known;
    if (type.endsWith('_window')) return 'credit';
    if (type.startsWith('get_') || type.endsWith('_status')) return 'health';
    return 'order';
  }

  /// The two ends of a port: who is outside, and which actor works it.
  const ports = {
    host_input: {outside: host, actor: 'pipe_input'},
    host_output: {outside: host, actor: 'pipe_output'},
    claude_stdin: {outside: claude, actor: 'claude_process'},
    claude_stdout: {outside: claude, actor: 'claude_process'},
    claude_stderr: {outside: claude, actor: 'claude_process'},
    control: {outside: clients, actor: 'control'},
  };

  function port_of(name) {
    return Object.hasOwn(ports, name) ? ports[name]
      : {outside: clients, actor: 'control'};
  }

  /// Where a name stands among the lanes; unknown ones behind all others.
  function rank(name) {
    const place = order.indexOf(name);
    return place < 0 ? order.length : place;
  }

  return {host, claude, clients, order, always, max_actors, others, families,
    family_of, port_of, rank};
})();
