import { InvalidPropertiesError } from '../../errors.js';

/** Values by key as git writes them: `section.name` or `section.subsection.name`. */
export type GitConfig = Readonly<Record<string, string | number | boolean>>;

export interface ConfigKey {
  /** Lower case. */
  section: string;
  /** As given: subsections tell case apart. */
  subsection: string | null;
  /** Lower case. */
  name: string;
}

/** The content of a git configuration file (git-config(1), "Syntax"). */
export function encodeConfig(
  entries: Iterable<readonly [key: string, value: string | number | boolean]>,
): string {
  const sections = new Map<string, string[]>();
  for (const [key, value] of entries) {
    const { section, subsection, name } = splitConfigKey(key);
    const header = subsection === null ? `[${section}]` : `[${section} "${quoteMarks(subsection)}"]`;
    const lines = sections.get(header) ?? [];
    lines.push(`\t${name} = ${encodeValue(checkValue(key, String(value)))}`);
    sections.set(header, lines);
  }
  return [...sections].map(([header, lines]) => `${header}\n${lines.join('\n')}\n`).join('');
}

/** @throws InvalidPropertiesError when git would not read such a key */
export function splitConfigKey(key: string): ConfigKey {
  const [, section, subsection, name] = /^([^.]+)\.(?:(.+)\.)?([^.]+)$/s.exec(key) ?? [];
  const isKey =
    section !== undefined &&
    name !== undefined &&
    /^[A-Za-z0-9-]+$/.test(section) &&
    /^[A-Za-z][A-Za-z0-9-]*$/.test(name);
  if (!isKey || /[\n\0]/.test(subsection ?? '')) {
    throw new InvalidPropertiesError(`${JSON.stringify(key)} is no git configuration key.`, {
      hint: 'A key looks like "user.name" or "branch.main.rebase": letters, digits and dashes between dots.',
      data: { key },
    });
  }
  return { section: section.toLowerCase(), subsection: subsection ?? null, name: name.toLowerCase() };
}

function checkValue(key: string, value: string): string {
  if (!value.includes('\0')) return value;
  throw new InvalidPropertiesError(
    `The value of the git configuration key ${JSON.stringify(key)} holds a NUL.`,
    {
      data: { key },
    },
  );
}

function encodeValue(value: string): string {
  if (/^[\w+*./:@-]+$/.test(value)) return value;
  const escaped = quoteMarks(value).replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\b', '\\b');
  return `"${escaped}"`;
}

function quoteMarks(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}
