// docker/compose.yml and its override, by each Compose that is here.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { useApi } from './api.mjs';
import { Host, agentUser, attempt, docker, image } from './engine.mjs';

const folder = fileURLToPath(new URL('../../docker/', import.meta.url));
const composes = [['docker', 'compose'], ['docker-compose']].filter(([program, ...args]) =>
  spawnSync(program, [...args, 'version'], { stdio: 'ignore' }).status === 0);

const api = useApi();

test('there is a Compose to test with', () => {
  assert.notEqual(composes.length, 0, 'neither docker compose nor docker-compose is installed');
});

const instances = ['claude', 'ada', 'grace'];

// The files where a user would put them, with what they need beside them, and what
// sends Claude to the stand-in. The key comes only by the secret: without it Claude asks for
// a login.
function prepare(host) {
  for (const name of ['workspace', 'workspace.ada', 'workspace.grace']) {
    const workspace = path.join(host.folder, name);
    fs.mkdirSync(workspace);
    fs.chownSync(workspace, host.user.uid, agentUser.gid);
    fs.chmodSync(workspace, 0o2770);
  }
  for (const name of ['compose.yml', 'compose.instances.yml'])
    fs.copyFileSync(path.join(folder, name), path.join(host.folder, name));
  fs.writeFileSync(path.join(host.folder, 'anthropic_api_key'), 'dummy\n', { mode: 0o444 });
  const { ANTHROPIC_API_KEY: _, ...environment } = api.environment;
  const service = { environment, networks: ['api'] };
  fs.writeFileSync(path.join(host.folder, 'test.json'), JSON.stringify({
    services: { agent: service, ada: service, grace: service },
    networks: { api: { external: true, name: api.network } },
  }));
}

for (const [program, ...first] of composes)
  test(`${[program, ...first].join(' ')}: three agents, each resumed by its next container`, async (t) => {
    const host = await new Host({ instances }).open();
    prepare(host);
    const compose = async (...args) => {
      const { code, stdout, stderr } = await attempt(program, [...first,
        '--project-name', 'container-agent-test', '-f', 'compose.yml',
        '-f', 'compose.instances.yml', '-f', 'test.json', ...args],
      { cwd: host.folder, env: { ...process.env, AGENT_IMAGE: image, AGENT_MEMORY: '2g' } });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    t.after(() => compose('down', '--volumes').finally(() => host.close()));
    const up = async (...args) => {
      const from = Object.fromEntries(instances.map((name) => [name, host.seen(name)]));
      await compose('up', '--detach', '--no-build', ...args);
      await Promise.all(instances.map((name) => host.record('ready', { name, from: from[name] })));
    };
    await up();
    await Promise.all(instances.map((name) => host.ask(`I am ${name}.`, `first-${name}`, name)));
    await up('--force-recreate');
    for (const name of instances)
      assert.equal(await host.ask('RECALL it', `second-${name}`, name),
        `Until now you said: I am ${name}.`);
    const ids = (await compose('ps', '-q')).trim().split('\n');
    assert.equal(ids.length, instances.length);
    for (const id of ids) {
      const inspect = JSON.parse(await docker('inspect', id))[0];
      assert.equal(inspect.HostConfig.ReadonlyRootfs, true);
      assert.deepEqual(inspect.HostConfig.CapDrop, ['ALL']);
      assert.equal(inspect.HostConfig.PidsLimit, 512);
      assert.equal(inspect.HostConfig.Memory, 2 * 1024 ** 3);
      assert.equal(inspect.State.Health.Status === 'unhealthy', false);
      assert.ok(!JSON.stringify(inspect.Config.Env).includes('dummy'), 'the secret is in the environment');
    }
  });
