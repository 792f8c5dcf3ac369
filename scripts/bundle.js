import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Writes the package's JavaScript: one file for each entry, one for all that every sync needs, and chunks for what is
 * loaded later. A sync is a process of a quarter of a second, and Node needs longer to open five hundred small modules
 * than git needs for the whole job.
 */
const entries = ['tasks/index', 'src/storage/index', 'src/git/index', 'src/testing/index', 'bin/flowgit'];

/** What these load at once becomes one file, */
const library = ['tasks/index', 'src/storage/index'];

/** and what the command loads of it before it knows what it is asked for becomes another. */
const command = ['bin/flowgit'];

/** What compares and writes is loaded while a server answers, as one file for all tasks, */
const planner = ['src/runtime/sync-to-storage', 'src/runtime/push-to-git', 'src/runtime/incremental-sync'];

/** and so is what reads packs. */
const pack = ['src/git/pack/read-pack'];

/** Many small files that most runs need. All other dependencies stay where npm puts them, and load when needed. */
const bundled = ['zod', 'yaml', 'picomatch', 'ignore', 'p-limit', 'diff'];

export async function bundle({ root, outdir }) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const external = Object.keys(dependencies).filter((name) => !bundled.includes(name));
  const needs = { library: new Set(), command: new Set(), planner: new Set(), pack: new Set() };
  const atStart = (id) => needs.library.has(id) || needs.command.has(id);
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((entry) => [entry, join(root, `${entry}.ts`)])),
    platform: 'node',
    transform: { target: 'node20' },
    external: (id) =>
      id.startsWith('node:') || external.some((name) => id === name || id.startsWith(`${name}/`)),
    // Its "node" build is 70 CommonJS files around the same code.
    resolve: { alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') } },
    plugins: [
      oneLanguage,
      collectStatic(root, library, needs.library),
      collectStatic(root, command, needs.command),
      collectStatic(root, planner, needs.planner),
      collectStatic(root, pack, needs.pack),
    ],
    // A room that a public entry opens at once, and a task only when it needs it, is no mistake.
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await build.write({
    dir: outdir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // They are in the declarations; here Node would read them at every start.
    comments: { legal: true, annotation: false, jsdoc: false },
    codeSplitting: {
      groups: [
        { name: 'base', test: (id) => needs.library.has(id) && needs.command.has(id) },
        { name: 'library', test: (id) => needs.library.has(id) && !needs.command.has(id) },
        { name: 'planner', test: (id) => needs.planner.has(id) && !atStart(id) },
        { name: 'pack', test: (id) => needs.pack.has(id) && !atStart(id) },
      ],
    },
  });
  await build.close();
  const files = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  writeFileSync(join(outdir, 'THIRD-PARTY-LICENSES.txt'), licenses(root, files));
}

/** zod offers its messages in fifty languages; ours are English. */
const oneLanguage = {
  name: 'one-language',
  resolveId: {
    filter: { id: /\/locales\/index\.js$/ },
    handler(_id, importer) {
      return importer?.includes('/zod/') ? this.resolve('../locales/en.js', importer) : null;
    },
  },
};

/** Collects the modules that the entries load at once, and not only when somebody asks for more. */
function collectStatic(root, doors, modules) {
  return {
    name: 'collect-static',
    buildEnd() {
      const waiting = doors.map((door) => join(root, `${door}.ts`));
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        const module = modules.has(id) ? null : this.getModuleInfo(id);
        if (module === null || module.isExternal) continue;
        modules.add(id);
        waiting.push(...module.importedIds);
      }
    },
  };
}

/** What the licenses of the packages inside ask for: their text, kept with the code. */
function licenses(root, files) {
  const inside = join(root, 'node_modules/');
  const packages = new Set(
    files.flatMap((file) =>
      file.startsWith(inside) ? (/^(?:@[^/]+\/)?[^/]+/.exec(file.slice(inside.length)) ?? []) : [],
    ),
  );
  return [...packages]
    .sort()
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return `${name} ${version}\n\n${licenseOf(folder).trim()}\n`;
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
