// Conversations with the real Claude Code in a container that docs/docker.md
// recommends: read-only, without capabilities, not root, other uid than the
// host's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Api } from './api.mjs';
import { Container, Host, docker, hardened, removeAll } from './engine.mjs';

let api;
before(async () => {
  api = await Api.start();
});
after(async () => {
  await removeAll();
  await api.stop();
});

// A host, its container, and the first `ready`; all of it goes with the test.
async function begin(t, args = [], command = []) {
  const host = await new Host().open();
  t.after(() => host.close());
  const container = await Container.withPipes(host, [...hardened, ...api.args,
    '--tmpfs', '/home/agent/.claude:uid=10001,gid=10001', ...args], command);
  t.after(() => container.remove());
  await host.record('ready').catch(async (error) => {
    error.message += '\nThe log:\n' + (await docker('logs', container.id));
    throw error;
  });
  return { host, container };
}

// Its turn runs until `api.release()`.
async function beginSlowTurn(host, text, uuid) {
  await api.hold();
  await host.prompt(text, uuid);
  await host.out.claude.until((line) => {
    const it = JSON.parse(line);
    return it.command_uuid === uuid && it.state === 'started' ? it : undefined;
  }, `the turn of ${uuid}`);
}

test('two turns of one conversation, and nobody else in the container', async (t) => {
  const { host, container } = await begin(t);
  assert.match(await host.ask('My name is Ada.', 'u-1'), /^You said: My name is Ada\./);
  assert.equal(await host.ask('RECALL it', 'u-2'), 'Until now you said: My name is Ada.');
  const names = (await container.processes()).map(([, , name]) => name).sort();
  assert.deepEqual(names, ['agent-guard', 'claude', 'container-agent']);
  assert.deepEqual(await container.field('.Config.User'), '10001:10001');
});

test('docker stop lets the turn finish, and the agent ends with 0', async (t) => {
  const { host, container } = await begin(t);
  await beginSlowTurn(host, 'SLOW goodbye', 'u-1');
  const stopped = docker('stop', container.id);
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
