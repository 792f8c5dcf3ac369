import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const sources = fileURLToPath(new URL('programs', import.meta.url));

/** Where this process compiles the measured programs to: below `node_modules`, where they find their dependencies. */
export const programsDirectory = fileURLToPath(
  new URL(`../node_modules/.cache/flowgit-bench/${process.pid}`, import.meta.url),
);

/** Turns the measured programs into plain JavaScript: a loader that compiles at run time would be counted as theirs. */
export async function compilePrograms(): Promise<void> {
  await mkdir(programsDirectory, { recursive: true });
  await writeFile(join(programsDirectory, 'package.json'), '{ "type": "module" }\n');
  for (const name of await readdir(sources)) {
    const { outputText } = ts.transpileModule(await readFile(join(sources, name), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    await writeFile(join(programsDirectory, name.replace(/\.ts$/, '.js')), outputText);
  }
}
