// The figures of docs/docker.md. Sizes are held to their bars; times are told, and
// held to what only a fault would take.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useApi } from './api.mjs';
import {
  Container, Host, base, beginConversation, docker, end, hardened, slim,
} from './engine.mjs';

// For a figure that can be quoted; a fault shows in fewer.
const rounds = process.env.ENGINE_ALL ? 10 : 3;
const inPipes = '/tmp/cc-bridge-pipes/claude';

const api = useApi();

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const now = () => Number(process.hrtime.bigint()) / 1e6;

test('what the agent adds to an image: at most 15 MB', async (t) => {
  const size = async (image) => Number(await docker('image', 'inspect', '--format', '{{.Size}}', image));
  const added = (await size(slim)) - (await size(base));
  t.diagnostic(`the agent adds ${(added / 1e6).toFixed(1)} MB`);
  assert.ok(added <= 15e6, `${added} bytes`);
  const layers = (await docker('history', '--format', '{{.Size}} {{.CreatedBy}}', slim)).split('\n')
    .filter((line) => !line.startsWith('0B'));
  for (const layer of layers) t.diagnostic(layer.slice(0, 100));
});

// From `docker run` to the first byte that is back.
async function timeToEcho(t, args, command, from) {
  const host = await new Host().open();
  let container;
  try {
    await host.hold();
    const begun = now();
    container = await Container.withPipes(host, ['--network', 'none', ...args], command, from);
    await host.out.claude.until((line) => line, 'the echo');
    return now() - begun;
  } finally {
    await end(host, container);
  }
}

test('docker run to the first byte, beside tini with cat', async (t) => {
  const ours = [];
  const theirs = [];
  for (let i = 0; i < rounds; ++i) {
    ours.push(await timeToEcho(t, hardened, ['--mode', 'raw', '--claude-command', 'cat'], slim));
    theirs.push(await timeToEcho(t, [...hardened, '--init', '--entrypoint', 'sh'],
      ['-c', `exec cat <${inPipes}.in.fifo >${inPipes}.out.fifo`], slim));
  }
  const difference = median(ours) - median(theirs);
  t.diagnostic(`the agent ${median(ours).toFixed(0)} ms, tini ${median(theirs).toFixed(0)} ms:`
    + ` ${difference.toFixed(0)} ms more (bar 30)`);
  assert.ok(difference < 500, `${difference} ms`);
});

test('its memory when idle: at most 10 MB with cat as its child', async (t) => {
  const host = await new Host().open();
  let container;
  t.after(() => end(host, container));
  container = await Container.withPipes(host, [...hardened, '--network', 'none'],
    ['--mode', 'raw', '--claude-command', 'cat'], slim);
  await host.write('awake');
  await host.out.claude.until((line) => line, 'the echo');
  const usage = await docker('stats', '--no-stream', '--format', '{{.MemUsage}}', container.id);
  const [, value, unit] = usage.match(/^([\d.]+)([KM])iB/);
  const megabytes = Number(value) * (unit === 'K' ? 1024 : 1024 ** 2) / 1e6;
  t.diagnostic(`memory of the container: ${megabytes.toFixed(1)} MB (bar 10)`);
  assert.ok(megabytes <= 10, usage);
});

test('docker stop of an idle agent', async (t) => {
  const times = [];
  for (let i = 0; i < 3; ++i) {
    const { container } = await beginConversation(t, api);
    const begun = now();
    await docker('stop', container.id);
    times.push(now() - begun);
    assert.equal(await container.field('.State.ExitCode'), 0);
  }
  t.diagnostic(`docker stop took ${median(times).toFixed(0)} ms (bar 500)`);
  assert.ok(median(times) < 9000, `${times}`);
});
