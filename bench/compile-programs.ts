import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const sources = fileURLToPath(new URL('programs', import.meta.url));
const target = fileURLToPath(new URL('../node_modules/.cache/flowgit-bench', import.meta.url));

/**
 * Turns the measured programs into plain JavaScript and returns the directory: a loader that compiles at run time would
 * be counted as theirs. It lies below `node_modules`, where they find their dependencies.
 */
export async function compilePrograms(): Promise<string> {
  const directory = join(target, String(process.pid));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }\n');
  for (const name of await readdir(sources)) {
    const { outputText } = ts.transpileModule(await readFile(join(sources, name), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    await writeFile(join(directory, name.replace(/\.ts$/, '.js')), outputText);
  }
  return directory;
}
