// The images that docker/Dockerfile begins with: pulled, or else made on this
// machine under the same names. What is made is a Debian of the same release
// with fewer packages; and a node that is this machine's own.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const base = 'debian:bookworm-slim';
const node = 'node:22-bookworm-slim';

const works = (...args) => spawnSync('docker', args, { stdio: 'ignore', timeout: 60_000 }).status === 0;
const isThere = (image) => works('image', 'inspect', image) || works('pull', image);

export function makeBase(say) {
  if (isThere(base)) return;
  say(`${base} can't be pulled: making it by mmdebstrap`);
  const script = 'set -o pipefail; mmdebstrap --quiet --variant=minbase'
    + ' --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/doc/*'
    + ` bookworm - | docker import - ${base}`;
  execFileSync('bash', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit'] });
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

export function makeNode(say) {
  if (isThere(node)) return;
  say(`${node} can't be pulled: making it of this machine's node and npm`);
  const context = fs.mkdtempSync(path.join(os.tmpdir(), 'ca-node-'));
  try {
    const npm = path.dirname(path.dirname(fs.realpathSync(
      execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim())));
    fs.copyFileSync(process.execPath, path.join(context, 'node'));
    fs.cpSync(npm, path.join(context, 'npm'), { recursive: true });
    fs.copyFileSync('/etc/ssl/certs/ca-certificates.crt', path.join(context, 'certificates.pem'));
    fs.writeFileSync(path.join(context, 'Dockerfile'), dockerfile);
    execFileSync('docker', ['build', '-t', node, context], { stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    fs.rmSync(context, { recursive: true, force: true });
  }
}
