// The agent under another process 1, on another image, with less than usual:
// what docs/docker.md says of each.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { useApi } from './api.mjs';
import {
  Container, Host, base, beginConversation, buildImage, docker, end, hardened, image,
  keepingClaude, slim,
} from './engine.mjs';

const api = useApi();

const nameOf = async (container, pid) => container.exec('cat', `/proc/${pid}/comm`);

test('under docker run --init', async (t) => {
  const { host, container } = await beginConversation(t, api, ['--init']);
  assert.notEqual(await nameOf(container, 1), 'container-agent');
  assert.match(await host.ask('Hello', 'u-1'), /Hello/);
  await docker('stop', container.id);
  assert.equal(await container.field('.State.ExitCode'), 0);
});

// The supervisor starts the agent again, and that finds the Claude of the one
// before in the middle of its turn.
async function survivesItsKill(t, from, supervisor) {
  const { host, container } = await beginConversation(t, api, keepingClaude, [], from);
  assert.equal(await nameOf(container, 1), supervisor);
  await api.beginSlowTurn(host, 'SLOW question', 'u-1');
  const find = async (name) =>
    Number((await container.processes()).find(([, , it]) => it === name)[0]);
  const claude = await find('claude');
  const seen = host.seen();
  process.kill(await find('container-agent'), 'SIGKILL');
  assert.equal((await host.record('ready', { from: seen })).attached, true);
  assert.equal(await find('claude'), claude);
  await api.release();
  assert.match((await host.result('u-1')).result, /SLOW question/);
  assert.equal(host.results('u-1'), 1);
  await docker('stop', container.id);
  assert.equal(await container.field('.State.OOMKilled'), false);
}

// Each of these two installs a supervisor into an image first.
const testWithPackages = process.env.ENGINE_ALL ? test : () => {};

testWithPackages('under supervisord', async (t) => {
  const from = await buildImage(`FROM ${image}
USER root
RUN apt-get update && apt-get install -y --no-install-recommends supervisor
RUN printf '%s\\n' '[supervisord]' nodaemon=true logfile=/dev/null logfile_maxbytes=0 \\
  pidfile=/tmp/supervisord.pid '[program:agent]' command=container-agent \\
  autorestart=unexpected exitcodes=0 stopwaitsecs=10 stdout_logfile=/dev/stdout \\
  stdout_logfile_maxbytes=0 redirect_stderr=true >/etc/supervisor/agent.conf
USER 10001:10001
ENTRYPOINT ["supervisord", "-c", "/etc/supervisor/agent.conf"]`);
  await survivesItsKill(t, from, 'supervisord');
});

// It writes beside its services; what is in memory is not executable.
testWithPackages('under s6', async (t) => {
  const from = await buildImage(`FROM ${image}
USER root
RUN apt-get update && apt-get install -y --no-install-recommends s6
RUN mkdir -p /etc/services/agent \\
  && printf '#!/bin/sh\\nexec container-agent\\n' >/etc/services/agent/run \\
  && chmod +x /etc/services/agent/run
USER 10001:10001
ENTRYPOINT ["sh", "-c", "mkdir -p /tmp/services/agent \
  && ln -s /etc/services/agent/run /tmp/services/agent/ && exec s6-svscan /tmp/services"]`);
  await survivesItsKill(t, from, 's6-svscan');
});

test('on somebody else\'s image, root, any program instead of Claude Code', async (t) => {
  const from = await buildImage(`FROM ${base}
COPY --from=${slim} /opt/container-agent /opt/container-agent`);
  const host = await new Host().open();
  let container;
  t.after(() => end(host, container));
  container = await Container.withPipes(host, ['--network', 'none'],
    ['/opt/container-agent/bin/container-agent', '--mode', 'raw', '--claude-command', 'cat'], from);
  await host.write('any bytes');
  assert.equal(await host.out.claude.until((line) => line, 'the echo'), 'any bytes');
  await docker('stop', container.id);
  assert.equal(await container.field('.State.ExitCode'), 0);
});

test('with 64 processes and threads at most', async (t) => {
  const { host } = await beginConversation(t, api, ['--pids-limit', '64']);
  assert.match(await host.ask('Hello', 'u-1'), /Hello/);
});

test('as a user whom the image does not know', async (t) => {
  const stranger = { uid: 4243, gid: 4243 };
  const { host, container } = await beginConversation(t, api, ['--user', '4243:4243',
    '-e', 'HOME=/tmp', '--tmpfs', '/home/agent/.claude:uid=4243,gid=4243'], [], image,
  new Host({ user: stranger }));
  assert.match(await host.ask('Hello', 'u-1'), /Hello/);
  assert.equal(await container.exec('id', '-u'), '4243');
});

// Nobody outside has the pipes then: the host comes in by docker exec.
test('with its pipes in memory', async (t) => {
  const container = await Container.start([...hardened, ...api.args,
    '--tmpfs', '/home/agent/.claude:uid=10001,gid=10001',
    '--tmpfs', '/tmp/cc-bridge-pipes:uid=10001,gid=10001,mode=0770']);
  t.after(() => container.remove());
  const log = container.logs();
  await log.until((line) => (line.includes('"claude_started"') ? line : undefined), 'claude_started');
  const host = spawn('docker', ['exec', '-i', container.id, 'sh', '-c',
    'cd /tmp/cc-bridge-pipes && exec 3<>claude.out.fifo && cat >claude.in.fifo'
    + ' && while read -r line <&3; do echo "$line"; case $line in *\'"type":"result"\'*) exit;; esac; done'],
  { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  host.stdout.on('data', (data) => { text += data; });
  host.stdin.end('Hello from inside\n');
  const [code] = await once(host, 'close');
  assert.equal(code, 0);
  assert.match(text, /You said: Hello from inside/);
});
