import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Writes the package's JavaScript: one file for each entry, and shared chunks for the rest. A sync is a process of a
 * quarter of a second, and Node needs longer to open five hundred small modules than git needs for the whole job: as
 * chunks, with the packages below among them, the front door opens in less than half the time.
 */
const entries = [
  'tasks/index.ts',
  'src/storage/index.ts',
  'src/git/index.ts',
  'src/testing/index.ts',
  'bin/flowgit.ts',
];

/** Many small files that every run needs. All other dependencies stay where npm puts them, and load when needed. */
const bundled = ['zod', 'yaml', 'picomatch', 'ignore', 'p-limit'];

export async function bundle({ root, outdir }) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    outbase: '.',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: Object.keys(dependencies).filter((name) => !bundled.includes(name)),
    // Its "node" build is 70 CommonJS files around the same code.
    alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
    plugins: [oneLanguage],
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(outdir, 'THIRD-PARTY-LICENSES.txt'), licenses(root, metafile));
}

/** zod offers its messages in fifty languages; ours are English. */
const oneLanguage = {
  name: 'one-language',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ resolveDir, kind, importer }) =>
      importer.includes('/zod/') ? resolve('../locales/en.js', { resolveDir, kind }) : undefined,
    );
  },
};

/** What the licenses of the packages inside ask for: their text, kept with the code. */
function licenses(root, { inputs }) {
  const packages = new Set(
    Object.keys(inputs).flatMap((path) => /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  return [...packages]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      return `${name} ${version}\n\n${licenseOf(join(root, folder)).trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function licenseOf(folder) {
  for (const name of ['LICENSE', 'license', 'LICENSE.md', 'LICENSE-MIT']) {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`${folder} has no license file, and cannot be put into the package.`);
}
