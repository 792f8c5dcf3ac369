import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../bench/arguments.js';
import { UsageError } from '../../bin/usage-error.js';

describe('the options of npm run bench', () => {
  it('measures once with --quick and five times without', () => {
    expect(parseArguments(['--quick']).runs).toBe(1);
    expect(parseArguments([]).runs).toBe(5);
    expect(parseArguments(['--quick', '--runs', '3']).runs).toBe(3);
  });

  it.each([
    [['--case']],
    [['--nothing']],
    [['nothing']],
    [['--json=yes']],
    [['--runs', '0']],
    [['--runs', 'few']],
    [['--latency', '1.5']],
  ])('refuses %j', (args) => {
    expect(() => parseArguments(args)).toThrow(UsageError);
  });
});
