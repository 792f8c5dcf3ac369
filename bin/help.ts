import type { Command, Option } from './command.js';
import { commonOptions, commonOptionsOf } from './options.js';

const width = 100;

/** The text of `flowgit --help`. */
export function generalHelp(commands: readonly Command[]): string {
  const list = commands.map((command): [string, string] => [usage(command), command.summary]);
  return [
    'flowgit keeps flows, namespace files and dashboards in step with git.',
    '',
    'Usage: flowgit COMMAND [ARGUMENTS] [OPTIONS]',
    '',
    'Commands:',
    ...columns(list),
    '',
    'Options, before or after the command:',
    ...columns(commonOptions.map(describe)),
    '',
    'Examples:',
    '  flowgit run sync.yml --secret GIT_TOKEN=@token.txt',
    '  flowgit plan sync.yml --diff',
    '  flowgit tasks git.SyncFlows',
    '',
    '"flowgit COMMAND --help" says more about a command.',
    '',
  ].join('\n');
}

/** The text of `flowgit COMMAND --help`. */
export function commandHelp(command: Command): string {
  return [
    `Usage: flowgit ${usage(command)} [OPTIONS]`,
    '',
    ...wrap(command.description ?? `${command.summary}.`, width),
    ...(command.options.length === 0 ? [] : ['', 'Options:', ...columns(command.options.map(describe))]),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
    'Common options:',
    ...columns(commonOptionsOf(command).map(describe)),
    '',
  ].join('\n');
}

function usage(command: Command): string {
  return command.arguments === '' ? command.name : `${command.name} ${command.arguments}`;
}

function describe(option: Option): [string, string] {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  return [
    `${short}--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`,
    option.description,
  ];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.flatMap(([name, text]) =>
    wrap(text, width - left).map(
      (line, index) => `${index === 0 ? `  ${name}`.padEnd(left) : ' '.repeat(left)}${line}`,
    ),
  );
}

function wrap(text: string, columnsWide: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > columnsWide) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}
