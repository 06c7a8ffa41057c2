// Sums the results of all test projects: node results.mjs FOLDER-OF-TRX-FILES EXIT-CODE-OF-DOTNET-TEST
// Lists what failed and what was skipped and why, and closes with the line "N passed, N failed, N skipped".
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, exitCode] = process.argv.slice(2);
const entities = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const text = xml => xml
  .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
  .replace(/&#(\d+);/g, (_, decimal) => String.fromCodePoint(Number(decimal)))
  .replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => entities[name]);

let files = [];
try {
  files = readdirSync(folder).filter(name => name.endsWith('.trx')).sort();
} catch {
  // No folder: no test project ran.
}

const total = { passed: 0, failed: 0, skipped: 0 };
const skipped = new Map();
const failed = [];
for (const file of files) {
  const xml = readFileSync(join(folder, file), 'utf8');
  const own = { passed: 0, failed: 0, skipped: 0 };
  for (const match of xml.matchAll(/<UnitTestResult\b([^>]*?)(?:\/>|>([\s\S]*?)<\/UnitTestResult>)/g)) {
    const attribute = name => text(match[1].match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? '');
    const outcome = attribute('outcome');
    if (outcome === 'Passed') {
      own.passed++;
    } else if (outcome === 'NotExecuted') {
      own.skipped++;
      const output = match[2] ?? '';
      const reason = text(output.match(/<(?:Message|StdOut)>([\s\S]*?)<\//)?.[1] ?? 'no reason given').trim();
      skipped.set(reason, [...(skipped.get(reason) ?? []), attribute('testName')]);
    } else {
      own.failed++;
      const output = match[2] ?? '';
      const message = text(output.match(/<Message>([\s\S]*?)<\/Message>/)?.[1] ?? 'no message').trim();
      const at = text(output.match(/<StackTrace>([\s\S]*?)<\/StackTrace>/)?.[1] ?? '').match(/[^\/\\]+\.cs:line \d+/)?.[0] ?? '';
      failed.push([attribute('testName'), `${message.split('\n').slice(0, 8).join('\n').slice(0, 1200)} ${at}`]);
    }
  }

  console.log(`${file.replace(/\.trx$/, '')}: ${own.passed} passed, ${own.failed} failed, ${own.skipped} skipped.`);
  for (const key of Object.keys(total)) {
    total[key] += own[key];
  }
}

for (const [reason, names] of skipped) {
  console.log(`skipped ${names.length}, because: ${reason}`);
  names.forEach(name => console.log(`  ${name}`));
}

failed.forEach(([name, why]) => console.log(`FAILED ${name}\n  ${why.replaceAll('\n', '\n  ')}`));

if (exitCode !== '0' && total.failed === 0) {
  console.log(`dotnet test ended with ${exitCode} although no test failed: a test process died, or a project did not build.`);
  total.failed++;
}

if (total.passed + total.failed === 0) {
  console.log('No test ran.');
}

console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
