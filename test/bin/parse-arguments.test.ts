import { describe, expect, it } from 'vitest';
import { commands } from '../../bin/commands/index.js';
import { parseArguments } from '../../bin/parse-arguments.js';
import { selectCommand } from '../../bin/select-command.js';
import { UsageError } from '../../bin/usage-error.js';

function select(...argv: string[]) {
  return selectCommand(parseArguments(argv, commands), commands);
}

function refusal(...argv: string[]): string {
  try {
    select(...argv);
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} ${error.hint ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

describe('a command line', () => {
  it('means the same wherever its options stand', () => {
    const orders = [
      ['run', 'sync.yml', '--storage', 'memory:', '--json'],
      ['--json', '--storage', 'memory:', 'run', 'sync.yml'],
      ['--storage=memory:', 'run', '--json', 'sync.yml'],
    ];
    const selections = orders.map((argv) => select(...argv));
    for (const selection of selections) expect(selection).toEqual(selections[0]);
    expect(selections[0]?.command.name).toBe('run');
    expect(selections[0]?.args.positionals).toEqual(['sync.yml']);
  });

  it("takes a command's own options before the command too", () => {
    expect(select('--detailed-exitcode', 'plan', 'x.yml')?.args.switches).toEqual(
      new Set(['detailed-exitcode']),
    );
  });

  it('keeps repeated options in order, equals signs in values included', () => {
    const selection = select('run', 'x.yml', '--input', 'a=1', '--input=b=c=d');
    expect(selection?.args.values.get('input')).toEqual(['a=1', 'b=c=d']);
  });

  it('takes arguments that begin with a dash behind --', () => {
    expect(select('run', '--', '--odd.yml')?.args.positionals).toEqual(['--odd.yml']);
  });

  it('names no command when there is none', () => {
    expect(select('--json')).toBeNull();
  });

  it.each([
    [['rnu', 'x.yml'], 'There is no command "rnu". Did you mean "flowgit run"?'],
    [['run', 'x.yml', '--jsn'], 'There is no option --jsn. Did you mean --json?'],
    [['run'], '"flowgit run" needs FLOW.yml. "flowgit run --help" shows its use.'],
    [['run', 'a', 'b'], '"flowgit run" takes only FLOW.yml. "flowgit run --help" shows its use.'],
    [
      ['run', 'a', '--detailed-exitcode'],
      '"flowgit run" has no option --detailed-exitcode. "flowgit run --help" shows its use.',
    ],
    ...[['serve'], ['worker'], ['token', 'revoke', '1'], ['secrets', 'delete', 'TOKEN']].map(
      (argv): [string[], string] => [
        [...argv, '--dry-run'],
        `"flowgit ${argv[0]}" has no option --dry-run. "flowgit ${argv[0]} --help" shows its use.`,
      ],
    ),
    [['run', 'a', '--storage'], '--storage needs a value: URL.'],
    [['run', 'a', '--json=yes'], '--json takes no value.'],
  ])('%j is refused with what to do', (argv, expected) => {
    expect(refusal(...argv)).toBe(expected);
  });

  it('does not take the next option for a forgotten value', () => {
    expect(refusal('run', 'a', '--storage', '--json')).toContain('--storage needs a value: URL.');
  });

  it('never repeats a value in a refusal', () => {
    expect(refusal('run', 'a', '--sekret', 'TOKEN=hunter22')).not.toContain('hunter22');
    expect(refusal('run', 'a', '--sekret=TOKEN=hunter22')).not.toContain('hunter22');
    expect(refusal('run', 'a', '--json=hunter22')).not.toContain('hunter22');
  });
});
