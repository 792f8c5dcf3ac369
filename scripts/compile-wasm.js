import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/**
 * Compiles what is written in AssemblyScript into a module that carries the result as text, so that nobody has to find
 * a file at run time. `npm run wasm` writes it; with `--check`, the exit code tells whether it is up to date.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const source = 'src/git/pack/assembly/read-entries.ts';
const target = 'src/git/pack/read-entries-wasm.ts';
const options = [
  ...['--outFile', 'out.wasm', '--runtime', 'stub', '-O3', '--noAssert'],
  // The code's own data, and the least memory that its host works with.
  ...['--memoryBase', '12288', '--initialMemory', '32'],
];

const text = await compile();
if (!process.argv.includes('--check')) writeFileSync(`${root}${target}`, text);
else if (readFileSync(`${root}${target}`, 'utf8') !== text) {
  console.error(`${target} is not what ${source} compiles to: run "npm run wasm".`);
  process.exitCode = 1;
}

/** The text of the module. */
async function compile() {
  const files = new Map();
  const { error, stderr } = await asc.main([source, ...options], {
    baseDir: root,
    writeFile: (name, contents) => files.set(name, contents),
  });
  if (error) throw new Error(`${source}: ${error.message}\n${stderr}`);
  const text = Buffer.from(files.get('out.wasm')).toString('base64');
  const lines = text.match(/.{1,104}/g).map((line) => `  '${line}'`);
  const note = '// Made by "npm run wasm" from assembly/read-entries.ts; do not edit.';
  return `${note}\nexport const readEntriesWasm =\n${lines.join(' +\n')};\n`;
}
