// Conversations with the real Claude Code in a container that docs/docker.md
// recommends: read-only, without capabilities, not root, other uid than the
// host's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useApi } from './api.mjs';
import {
  Container, Host, attempt, beginConversation, docker, end, hardened, kept,
} from './engine.mjs';

const api = useApi();

const begin = (t, args, command) => beginConversation(t, api, args, command);
const beginSlowTurn = (host, text, uuid) => api.beginSlowTurn(host, text, uuid);

test('two turns of one conversation, and nobody else in the container', async (t) => {
  const { host, container } = await begin(t);
  assert.match(await host.ask('My name is Ada.', 'u-1'), /^You said: My name is Ada\./);
  assert.equal(await host.ask('RECALL it', 'u-2'), 'Until now you said: My name is Ada.');
  const names = (await container.processes()).map(([, , name]) => name).sort();
  assert.deepEqual(names, ['agent-reaper', 'agent-shim', 'claude', 'container-agent']);
  assert.deepEqual(await container.field('.Config.User'), '10001:10001');
});

test('docker stop lets the turn finish, and the agent ends with 0', async (t) => {
  // More time than anybody needs, and than a busy machine takes from the turn.
  const { host, container } = await begin(t, [], ['--drain-timeout', '85s']);
  await beginSlowTurn(host, 'SLOW goodbye', 'u-1');
  const stopped = docker('stop', '-t', '100', container.id);
  await host.record('stopping');
  await api.release();
  assert.match((await host.result('u-1')).result, /SLOW goodbye/);
  await stopped;
  assert.equal(await container.field('.State.ExitCode'), 0);
  assert.equal(await container.field('.State.OOMKilled'), false);
});

test('docker stop of an idle agent: exit code 0', async (t) => {
  const { container } = await begin(t);
  await docker('stop', container.id);
  assert.equal(await container.field('.State.ExitCode'), 0);
});

// `docker kill` counts as a wish of its user: no restart policy applies.
test('docker kill in a turn, then docker start: the same conversation, answered', async (t) => {
  const { host, container } = await begin(t, kept);
  await host.ask('My name is Ada.', 'u-1');
  await beginSlowTurn(host, 'SLOW question', 'u-2');
  const from = host.seen();
  await docker('kill', '-s', 'KILL', container.id);
  assert.equal(await container.field('.State.ExitCode'), 137);
  await docker('start', container.id);
  await host.record('ready', { from });
  await api.release();
  assert.match((await host.result('u-2', { from })).result, /SLOW question/);
  assert.equal(host.results('u-2'), 1);
  assert.match(await host.ask('RECALL it', 'u-3'), /My name is Ada/);
});

test('process 1 is killed in a turn: the restart policy starts it, and it answers', async (t) => {
  const { host, container } = await begin(t, [...kept, '--restart', 'unless-stopped']);
  await host.ask('My name is Ada.', 'u-1');
  await beginSlowTurn(host, 'SLOW question', 'u-2');
  await host.prompt('and one that waits', 'u-3');
  await host.out.claude.until((line) => line.includes('"u-3"') || undefined, 'u-3 accepted');
  const from = host.seen();
  process.kill(await container.field('.State.Pid'), 'SIGKILL');
  await host.record('ready', { from });
  await api.release();
  assert.match((await host.result('u-2', { from })).result, /SLOW question/);
  assert.match((await host.result('u-3', { from })).result, /and one that waits/);
  assert.deepEqual([host.results('u-2'), host.results('u-3')], [1, 1]);
  assert.match(await host.ask('RECALL it', 'u-4'), /My name is Ada/);
  assert.equal(await container.field('.RestartCount'), 1);
});

test('docker stop in a turn, a new container with the same state: the conversation goes on', async (t) => {
  const volume = `container-agent-test-${process.pid}`;
  const host = await new Host().open();
  const made = [];
  t.after(() => end(host, ...made).finally(() => docker('volume', 'rm', volume)));
  let from = 0;
  const run = async () => {
    from = host.seen();
    const container = await Container.withPipes(host, [...hardened, ...api.args,
      '-v', `${volume}:/home/agent/.claude`]);
    made.push(container);
    await host.record('ready', { from });
    return container;
  };
  const first = await run();
  await host.ask('My name is Ada.', 'u-1');
  await beginSlowTurn(host, 'SLOW goodbye', 'u-2');
  await host.prompt('one that waits', 'u-3');
  await host.out.claude.until((line) => line.includes('"u-3"') || undefined, 'u-3 accepted');
  const stopped = docker('stop', first.id);
  await host.record('stopping');
  await api.release();
  await stopped;
  assert.equal(await first.field('.State.ExitCode'), 0);
  assert.equal(host.results('u-2'), 1);
  assert.equal((await host.record('failed')).uuid, 'u-3');
  await run();
  assert.match(await host.ask('RECALL it', 'u-4'), /My name is Ada.*SLOW goodbye/s);
  // What has failed was told as such, so nobody asks it again.
  assert.equal(host.results('u-3'), 0);
});

// What fills the container's memory is a file in memory, which can't be killed.
// It may go on filling before the kernel has got back what Claude had: then the
// one that fills is the next to be killed, by its score, and not the agent.
test('Claude is killed for want of memory: the agent goes on, the prompt is answered', async (t) => {
  const { host, container } = await begin(t, ['--memory', '1g', '--memory-swap', '1g',
    '-v', '/home/agent/.claude']);
  await host.ask('My name is Ada.', 'u-1');
  await beginSlowTurn(host, 'SLOW question', 'u-2');
  const agent = await container.field('.State.Pid');
  const from = host.seen();
  const full = attempt('docker', ['exec', container.id, 'sh', '-c',
    '(echo 100 >/proc/self/oom_score_adj && exec head -c 1000m /dev/zero >/tmp/ballast);'
    + ' rm -f /tmp/ballast']);
  const exited = await host.record('claude_exited', { from });
  await full;
  assert.equal(exited.signal, 9, JSON.stringify(exited));
  await host.record('ready', { from });
  await api.release();
  assert.match((await host.result('u-2', { from })).result, /SLOW question/);
  assert.match(await host.ask('RECALL it', 'u-3'), /My name is Ada/);
  assert.equal(await container.field('.State.Pid'), agent);
});
