import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkConfig } from '../../../src/git/clone/check-config.js';
import { encodeConfig } from '../../../src/git/clone/encode-config.js';

const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowgit-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

function readBack(content: string): Map<string, string> {
  const file = join(directory, 'config');
  writeFileSync(file, content);
  const listed = execFileSync('git', ['config', '-f', file, '--list', '-z'], { env }).toString();
  return new Map(
    listed
      .split('\0')
      .filter(Boolean)
      .map((item) => {
        const end = item.indexOf('\n');
        return [item.slice(0, end), item.slice(end + 1)];
      }),
  );
}

describe('configuration for a clone', () => {
  test('reads back as it was given, whatever stands in a value or a subsection', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab"\\#;=[]\n\t\b \'é%!'), maxLength: 8 });
    const subsection = text.filter((value) => value !== '' && !value.includes('\n'));
    fc.assert(
      fc.property(text, subsection, text, (value, name, other) => {
        const read = readBack(
          encodeConfig([
            ['user.name', value],
            [`branch.${name}.description`, other],
            ['pull.rebase', true],
            ['core.bigFileThreshold', 12],
          ]),
        );
        expect([...read]).toEqual([
          ['user.name', value],
          [`branch.${name}.description`, other],
          ['pull.rebase', 'true'],
          ['core.bigfilethreshold', '12'],
        ]);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    'user.name',
    'user.email',
    'core.autocrlf',
    'core.fileMode',
    'core.eol',
    'pull.rebase',
    'http.postBuffer',
    'http.https://git.example/.sslVerify',
    'branch.main.rebase',
    'diff.renames',
    'merge.conflictStyle',
    'init.defaultBranch',
    'advice.detachedHead',
    'commit.gpgSign',
    'gpg.format',
  ])('may set %s', (key) => {
    expect(() => checkConfig({ [key]: 'x' })).not.toThrow();
  });

  test.each([
    'core.hooksPath',
    'CORE.HOOKSPATH',
    'core.sshCommand',
    'core.fsmonitor',
    'core.editor',
    'core.pager',
    'core.askPass',
    'core.gitProxy',
    'core.alternateRefsCommand',
    'core.worktree',
    'core.bare',
    'core.repositoryFormatVersion',
    'core.attributesFile',
    'alias.st',
    'filter.lfs.smudge',
    'filter.x.process',
    'diff.external',
    'diff.pdf.textconv',
    'diff.pdf.command',
    'merge.ours.driver',
    'mergetool.x.cmd',
    'sequence.editor',
    'gpg.program',
    'gpg.ssh.program',
    'gpg.ssh.defaultKeyCommand',
    'pager.log',
    'interactive.diffFilter',
    'init.templateDir',
    'trailer.x.command',
    'credential.helper',
    'credential.https://git.example.helper',
    'include.path',
    'includeIf.gitdir:/.path',
    'url.https://evil.example/.insteadOf',
    'remote.origin.url',
    'remote.other.pushurl',
    'remote.pushDefault',
    'branch.main.pushRemote',
    'http.proxy',
    'http.https://git.example/.extraHeader',
    'protocol.ext.allow',
    'submodule.x.update',
    'submodule.x.url',
    'uploadpack.packObjectsHook',
    'receive.procReceiveRefs.hook',
    'extensions.worktreeConfig',
    'safe.directory',
    'lfs.url',
    'lfs.customtransfer.x.path',
  ])('may not set %s', (key) => {
    expect(() => checkConfig({ [key]: 'x' })).toThrow(
      expect.objectContaining({ code: 'INVALID_PROPERTIES', data: { key } }),
    );
  });

  test('may not set a value that git hands to a shell', () => {
    expect(() => checkConfig({ 'some.future': '!rm -rf /' })).toThrow(
      expect.objectContaining({ code: 'INVALID_PROPERTIES' }),
    );
  });

  test.each([
    'name',
    '.name',
    'user.',
    'user.na me',
    'us er.name',
    'user.1x',
    'a.b\nc.d',
    'user.name\n[alias]',
    '',
  ])('may not have the key %j', (key) => {
    expect(() => checkConfig({ [key]: 'x' })).toThrow(
      expect.objectContaining({ code: 'INVALID_PROPERTIES' }),
    );
  });

  test('may not have a NUL in a value', () => {
    expect(() => encodeConfig([['user.name', 'a\0b']])).toThrow(
      expect.objectContaining({ code: 'INVALID_PROPERTIES' }),
    );
  });
});
