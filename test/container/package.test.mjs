// The Debian package on a Debian that has nothing else.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Container, Host, attempt, base, buildFolder, docker, end, removeAll } from './engine.mjs';

after(removeAll);

test('the Debian package installs with what it depends on, and bridges', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engine-package-'));
  const host = await new Host().open();
  let container;
  t.after(() => end(host, container).finally(() => fs.rmSync(folder, { recursive: true })));
  const made = await attempt('cpack',
    ['--config', path.join(buildFolder, 'CPackConfig.cmake'), '-B', folder]);
  assert.equal(made.code, 0, made.stdout + made.stderr);
  container = await Container.withPipes(host, ['-v', `${folder}:/package:ro`], ['sh', '-c',
    'apt-get -q update && apt-get -q install -y --no-install-recommends /package/*.deb >&2'
    + ' && exec container-agent --mode raw --claude-command cat'], base);
  const log = container.logs();
  await log.until((line) => (line.includes('"child_started"') ? line : undefined), 'child_started');
  await host.write('from a package');
  assert.equal(await host.out.claude.until((line) => line, 'the echo'), 'from a package');
  assert.match(await container.exec('dpkg', '-s', 'container-agent'), /^Status: install ok installed$/m);
  await docker('stop', container.id);
  assert.equal(await container.field('.State.ExitCode'), 0);
});
