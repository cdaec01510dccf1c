// The images that docker/Dockerfile begins with: pulled, or else made on this
// machine under the same names. What is made is a Debian of the same release
// with fewer packages; and a node that is this machine's own.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const base = 'debian:bookworm-slim';
const node = 'node:22-bookworm-slim';

const works = (...args) =>
  run('docker', args, { timeout: 60_000 }).then(() => true, () => false);
const isThere = async (image) =>
  await works('image', 'inspect', image) || await works('pull', image);

// Like the image of that name, it does not wait for the disk after each file of
// a package.
export async function makeBase(say) {
  if (await isThere(base)) return;
  say(`${base} can't be pulled: making it by mmdebstrap`);
  const script = 'set -o pipefail; mmdebstrap --quiet --variant=minbase'
    + ' --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/doc/*'
    + ` --dpkgopt=force-unsafe-io bookworm - | docker import - ${base}`;
  await run('bash', ['-c', script]);
}

// Containers trust whom this machine trusts: it may stand behind a proxy that
// has certificates of its own.
const dockerfile = `FROM ${base}
COPY node /usr/local/bin/
COPY npm /usr/local/lib/node_modules/npm
COPY certificates.pem /etc/ssl/certs/ca-certificates.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
  && npm config set --location=global cafile /etc/ssl/certs/ca-certificates.crt \\
  || { rm -f /usr/local/bin/node /usr/local/bin/npm && apt-get update \\
    && apt-get install -y --no-install-recommends npm ca-certificates; }
`;

export async function makeNode(say) {
  if (await isThere(node)) return;
  say(`${node} can't be pulled: making it of this machine's node and npm`);
  const context = fs.mkdtempSync(path.join(os.tmpdir(), 'ca-node-'));
  try {
    const { stdout } = await run('sh', ['-c', 'command -v npm']);
    const npm = path.dirname(path.dirname(fs.realpathSync(stdout.trim())));
    fs.copyFileSync(process.execPath, path.join(context, 'node'));
    fs.cpSync(npm, path.join(context, 'npm'), { recursive: true });
    fs.copyFileSync('/etc/ssl/certs/ca-certificates.crt', path.join(context, 'certificates.pem'));
    fs.writeFileSync(path.join(context, 'Dockerfile'), dockerfile);
    await run('docker', ['build', '-t', node, context], { maxBuffer: 64 << 20 });
  } finally {
    fs.rmSync(context, { recursive: true, force: true });
  }
}
