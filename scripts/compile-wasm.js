import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/**
 * Compiles what is written in AssemblyScript into modules that carry the result as text, so that nobody has to find a
 * file at run time. `npm run wasm` writes them; with `--check`, the exit code tells whether they are up to date.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const modules = [
  {
    source: 'src/git/pack/assembly/read-entries.ts',
    target: 'src/git/pack/read-entries-wasm.ts',
    name: 'readEntriesWasm',
    // The code's own data, and the least memory that its host works with.
    memory: ['--memoryBase', '12288', '--initialMemory', '32'],
  },
  {
    source: 'src/git/objects/assembly/sort-rows.ts',
    target: 'src/git/objects/sort-rows-wasm.ts',
    name: 'sortRowsWasm',
    memory: ['--memoryBase', '1024', '--initialMemory', '1'],
  },
];
const options = ['--outFile', 'out.wasm', '--runtime', 'stub', '-O3', '--noAssert'];

for (const module of modules) {
  const text = await compile(module);
  if (!process.argv.includes('--check')) writeFileSync(`${root}${module.target}`, text);
  else if (readFileSync(`${root}${module.target}`, 'utf8') !== text) {
    console.error(`${module.target} is not what ${module.source} compiles to: run "npm run wasm".`);
    process.exitCode = 1;
  }
}

/** The text of a module. */
async function compile({ source, name, memory }) {
  const files = new Map();
  const { error, stderr } = await asc.main([source, ...options, ...memory], {
    baseDir: root,
    writeFile: (path, contents) => files.set(path, contents),
  });
  if (error) throw new Error(`${source}: ${error.message}\n${stderr}`);
  const text = Buffer.from(files.get('out.wasm')).toString('base64');
  const lines = text.match(/.{1,104}/g).map((line) => `  '${line}'`);
  const note = `// Made by "npm run wasm" from assembly/${basename(source)}; do not edit.`;
  return `${note}\nexport const ${name} =\n${lines.join(' +\n')};\n`;
}
