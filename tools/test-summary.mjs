// What a run of the tests took, and what it left out: the seconds of each group,
// the ten slowest cases, each skip with its reason.
//
//   node tools/test-summary.mjs CTEST.junit FOLDER...
//
// CTEST.junit: by ctest --output-junit; FOLDER: with GoogleTest's XML files.
import fs from 'node:fs';
import path from 'node:path';

const [junit, ...folders] = process.argv.slice(2);
if (!junit) {
  console.error('test-summary: error: usage: test-summary.mjs CTEST.junit FOLDER...');
  process.exit(2);
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const plain = (text) => text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (all, name) => {
  if (name[0] !== '#') return entities[name] ?? all;
  return String.fromCodePoint(Number(name.replace('#x', '0x').replace('#', '')));
});
const attribute = (tag, name) => plain(tag.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1] ?? '');

// The test cases of a JUnit file: their tag, and what stands inside.
const cases = (file) =>
  [...fs.readFileSync(file, 'utf8').matchAll(/<testcase\s([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)]
    .map(([, tag, , inside]) => ({ tag: ` ${tag}`, inside: inside ?? '' }));

const slow = [];
const skips = [];
const counted = { passed: 0, failed: 0 };
const programs = new Map(); // of GoogleTest, with the number of failed cases
for (const folder of folders)
  for (const name of fs.readdirSync(folder).filter((each) => each.endsWith('.xml'))) {
    const program = path.basename(name, '.xml');
    programs.set(program, 0);
    for (const { tag, inside } of cases(path.join(folder, name))) {
      const label = `${program.replace(/\.\d+_of_\d+$/, '')}: `
        + `${attribute(tag, 'classname')}.${attribute(tag, 'name')}`;
      if (attribute(tag, 'result') === 'skipped') {
        const why = attribute(inside.match(/<skipped[^>]*>/)?.[0] ?? '', 'message');
        skips.push([label, why.split('\n').filter(Boolean).slice(1).join(' ') || why]);
        continue;
      }
      const failed = inside.includes('<failure');
      counted[failed ? 'failed' : 'passed'] += 1;
      if (failed) programs.set(program, programs.get(program) + 1);
      slow.push([Number(attribute(tag, 'time')), label]);
    }
  }

// Of what is no GoogleTest program, the whole test is one case. Node's own test
// runner tells of skips in what it prints.
const groups = new Map();
for (const { tag, inside } of cases(junit)) {
  const name = attribute(tag, 'name');
  const seconds = Number(attribute(tag, 'time'));
  const group = name.replace(/\.\d+_of_\d+$/, '').replace(/^(sanitize\.|)(simulation|replay|packages|fuzz)\..*/, '$1$2');
  groups.set(group, (groups.get(group) ?? 0) + seconds);
  if (inside.includes('<skipped'))
    skips.push([name, plain(inside).match(/SKIPPED[^\n]*/)?.[0] ?? 'see its output']);
  for (const [, title, why] of plain(inside).matchAll(/^\s*﹣ (.*?) \([\d.]+ms\) # (.*)$/gm))
    skips.push([`${name}: ${title}`, why]);
  const failed = inside.includes('<failure');
  if (programs.has(name)) {
    // Such as leaks, which are found after the last case.
    if (failed && programs.get(name) === 0) counted.failed += 1;
    continue;
  }
  slow.push([seconds, name]);
  if (failed) counted.failed += 1;
  else if (!inside.includes('<skipped')) counted.passed += 1;
}

const row = (seconds, text) => console.log(`  ${seconds.toFixed(1).padStart(7)}  ${text}`);
const slowest = (rows) => rows.sort((a, b) => b[0] - a[0]);
console.log('\nSeconds by group:');
for (const [seconds, group] of slowest([...groups].map(([name, time]) => [time, name])))
  row(seconds, group);
console.log('\nThe ten slowest cases:');
for (const [seconds, name] of slowest(slow).slice(0, 10)) row(seconds, name);
console.log(skips.length ? '\nSkipped:' : '\nNothing was skipped.');
for (const [name, why] of skips) console.log(`  ${name}: ${why}`);
console.log(`\n${counted.passed} passed, ${counted.failed} failed, ${skips.length} skipped`);
