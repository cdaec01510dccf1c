// What the engine sees of the agent: health, processes, rights.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useApi } from './api.mjs';
import {
  Container, Host, agentUser, attempt, beginConversation, docker, end, hardened, hostUser,
} from './engine.mjs';

const api = useApi();

test('the engine sees it healthy, unhealthy once Claude is given up, healthy again', async (t) => {
  const { host, container } = await beginConversation(t, api,
    ['--health-interval', '1s', '--health-retries', '1'],
    ['--max-restarts', '1', '--restart-delay', '1ms', '--on-give-up', 'wait']);
  const events = container.events('event=health_status');
  const health = (what) => events.until((line) =>
    (line === `health_status: ${what}` ? line : undefined), `health: ${what}`, events.all.length);
  await events.until((line) => (line.endsWith(': healthy') ? line : undefined), 'healthy');
  const unhealthy = health('unhealthy');
  const killClaude = async () => {
    const [pid] = (await container.processes()).find(([, , name]) => name === 'claude');
    process.kill(Number(pid), 'SIGKILL');
  };
  const from = host.seen();
  await killClaude();
  await host.record('ready', { from });
  await killClaude();
  await unhealthy;
  const last = (await container.field('.State.Health.Log')).at(-1);
  assert.match(last.Output, /claude_process was given up/);
  const healthy = health('healthy');
  await container.exec('container-agent', 'restart-claude');
  await healthy;
});

test('no zombie stays: what docker exec leaves behind is reaped', async (t) => {
  const { container } = await beginConversation(t, api, [], ['--log-level', 'debug']);
  const log = container.logs();
  await container.exec('sh', '-c', 'sleep 0.2 & exec true');
  await log.until((line) => (line.includes('"orphan_reaped"') ? line : undefined), 'orphan_reaped');
  const processes = await container.processes();
  assert.deepEqual(processes.filter(([, state]) => state.startsWith('Z')), []);
  assert.deepEqual(processes.map(([, , name]) => name).sort(),
    ['agent-reaper', 'agent-shim', 'claude', 'container-agent']);
});

test('it needs no rights: not root, no capability, nothing to gain, nothing to write', async (t) => {
  const { container } = await beginConversation(t, api);
  const status = await container.exec('cat', '/proc/1/status');
  const field = (name) => status.match(new RegExp(`^${name}:\\s*(.*)$`, 'm'))[1];
  assert.match(field('Uid'), new RegExp(`^${agentUser.uid}\\s`));
  assert.match(field('Gid'), new RegExp(`^${agentUser.gid}\\s`));
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    assert.equal(BigInt(`0x${field(set)}`), 0n, set);
  assert.equal(field('NoNewPrivs'), '1');
  for (const folder of ['/', '/usr/local/bin', '/opt/container-agent', '/home/agent']) {
    const { code, stderr } = await attempt('docker',
      ['exec', '-u', '0', container.id, 'touch', `${folder}/x`]);
    assert.notEqual(code, 0, folder);
    assert.match(stderr, /Read-only file system|Permission denied/, folder);
  }
});

test('pipes that the agent makes belong to its group: the host is in it, strangers are not', async (t) => {
  const host = new Host({ fifos: false });
  let container;
  t.after(() => end(host, container));
  container = await Container.withPipes(host, [...hardened, ...api.args,
    '--tmpfs', '/home/agent/.claude:uid=10001,gid=10001']);
  const log = container.logs();
  await log.until((line) => (line.includes('"claude_started"') ? line : undefined), 'claude_started');
  await host.open();
  assert.match(await host.ask('Hello across the boundary', 'u-1'), /Hello across the boundary/);
  const stranger = await attempt('sh', ['-c', `echo hi >"$1"`, 'sh', host.fifo('claude', 'in')],
    { uid: 5150, gid: 5150 });
  assert.notEqual(stranger.code, 0);
  assert.match(stranger.stderr, /Permission denied/);
  assert.notEqual(hostUser.uid, agentUser.uid);
});

test('two containers side by side in one folder of pipes, a third on the same pipes is refused', async (t) => {
  const host = await new Host({ instances: ['ada', 'grace'] }).open();
  const containers = [];
  t.after(() => end(host, ...containers));
  const start = async (name) => {
    const it = await Container.withPipes(host, [...hardened, ...api.args,
      '--tmpfs', '/home/agent/.claude:uid=10001,gid=10001',
      '-e', `CONTAINER_AGENT_INSTANCE=${name}`]);
    containers.push(it);
    return it;
  };
  for (const name of ['ada', 'grace']) await start(name);
  await Promise.all(['ada', 'grace'].map((name) => host.record('ready', { name })));
  await Promise.all(['ada', 'grace'].map((name) => host.ask(`My name is ${name}.`, `u-${name}`, name)));
  for (const name of ['ada', 'grace'])
    assert.equal(await host.ask('RECALL it', `r-${name}`, name), `Until now you said: My name is ${name}.`);
  const third = await start('ada');
  assert.equal(await third.wait(), 7);
  const { stderr } = await attempt('docker', ['logs', third.id]);
  assert.match(stderr, /another agent/);
  assert.match(await host.ask('Still there?', 'u-last', 'ada'), /Still there\?/);
});
