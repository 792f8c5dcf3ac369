import { describe, expect, it } from 'vitest';
import { commands } from '../../bin/commands/index.js';
import { commonOptions } from '../../bin/options.js';
import { parseArguments } from '../../bin/parse-arguments.js';
import { selectCommand } from '../../bin/select-command.js';
import { cli } from './cli.js';

const cwd = import.meta.dirname;

describe('help', () => {
  it('lists every command and every common option', async () => {
    const { code, stdout } = await cli(['--help'], { cwd });
    expect(code).toBe(0);
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b.*${summary}`, 'm'));
    for (const { name } of commonOptions) expect(stdout).toContain(`--${name}`);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('of a command has its own options and examples, however it is asked for', async () => {
    for (const { name, options, refuses = [], examples } of commands) {
      const { code, stdout } = await cli([name, '--help'], { cwd });
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: flowgit ${name}`);
      for (const option of options) expect(stdout).toContain(`--${option.name}`);
      for (const option of commonOptions)
        expect(stdout.includes(`--${option.name} `)).toBe(!refuses.includes(option.name));
      for (const example of examples) expect(stdout).toContain(`  ${example}\n`);
      for (const argv of [
        ['help', name],
        ['-h', name],
        [name, 'any', '-h'],
      ]) {
        expect((await cli(argv, { cwd })).stdout).toBe(stdout);
      }
    }
  });

  it('gives only examples that are understood', () => {
    for (const { name, examples } of commands) {
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const [program, ...argv] = example.replace(/ >.*/, '').split(' ');
        expect(program).toBe('flowgit');
        expect(selectCommand(parseArguments(argv, commands), commands)?.command.name).toBe(name);
      }
    }
  });

  it('is what one gets for naming no command, with an exit code that says so', async () => {
    const { stdout } = await cli(['--help'], { cwd });
    expect(await cli([], { cwd })).toEqual({ code: 1, stdout: '', stderr: stdout });
  });

  it('says that the process list shows secrets', async () => {
    const { stdout } = await cli(['run', '--help'], { cwd });
    expect(stdout).toContain('Other users can see it in the process list');
  });
});
