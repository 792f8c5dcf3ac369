import { describe, expect, test } from 'vitest';
import { commitUrl } from '../../src/git/commit-url.js';

const id = '0123456789abcdef0123456789abcdef01234567';

describe('the page of a commit', () => {
  test.each([
    ['https://github.com/acme/flows.git', 'https://github.com/acme/flows/commit'],
    ['https://github.com/acme/flows', 'https://github.com/acme/flows/commit'],
    ['https://github.com/acme/flows.git/', 'https://github.com/acme/flows/commit'],
    ['git@github.com:acme/flows.git', 'https://github.com/acme/flows/commit'],
    ['ssh://git@github.com/acme/flows.git', 'https://github.com/acme/flows/commit'],
    ['ssh://git@ssh.github.com:443/acme/flows.git', 'https://github.com/acme/flows/commit'],
    ['https://github.acme.example/team/flows.git', 'https://github.acme.example/team/flows/commit'],
    ['https://gitlab.com/group/sub/flows.git', 'https://gitlab.com/group/sub/flows/-/commit'],
    ['git@gitlab.com:group/sub/deep/flows.git', 'https://gitlab.com/group/sub/deep/flows/-/commit'],
    ['https://gitlab.acme.example:8443/g/flows.git', 'https://gitlab.acme.example:8443/g/flows/-/commit'],
    ['ssh://git@gitlab.acme.example:2222/g/flows.git', 'https://gitlab.acme.example/g/flows/-/commit'],
    ['https://bitbucket.org/acme/flows.git', 'https://bitbucket.org/acme/flows/commits'],
    ['git@bitbucket.org:acme/flows.git', 'https://bitbucket.org/acme/flows/commits'],
    [
      'https://bitbucket.acme.example/scm/ops/flows.git',
      'https://bitbucket.acme.example/projects/ops/repos/flows/commits',
    ],
    [
      'https://bitbucket.acme.example/scm/~ada/flows.git',
      'https://bitbucket.acme.example/users/ada/repos/flows/commits',
    ],
    ['https://dev.azure.com/acme/ops/_git/flows', 'https://dev.azure.com/acme/ops/_git/flows/commit'],
    [
      'https://acme@dev.azure.com/acme/My%20Ops/_git/flows',
      'https://dev.azure.com/acme/My%20Ops/_git/flows/commit',
    ],
    ['git@ssh.dev.azure.com:v3/acme/ops/flows', 'https://dev.azure.com/acme/ops/_git/flows/commit'],
    ['https://acme.visualstudio.com/ops/_git/flows', 'https://acme.visualstudio.com/ops/_git/flows/commit'],
    ['acme@vs-ssh.visualstudio.com:v3/acme/ops/flows', 'https://acme.visualstudio.com/ops/_git/flows/commit'],
    ['https://codeberg.org/acme/flows.git', 'https://codeberg.org/acme/flows/commit'],
    ['http://gitea.local:3000/acme/flows.git', 'http://gitea.local:3000/acme/flows/commit'],
    ['https://git.example.com/acme/flows.git', 'https://git.example.com/acme/flows/commit'],
    ['https://GitHub.com/Acme/Flows.git', 'https://github.com/Acme/Flows/commit'],
    ['git.example.com:flows.git', 'https://git.example.com/flows/commit'],
    ['https://git.example.com/a/flows.git?token=s3cret#s3cret', 'https://git.example.com/a/flows/commit'],
  ])('of %s is below %s', (remote, expected) => {
    expect(commitUrl(remote, id)).toBe(`${expected}/${id}`);
  });

  test.each([
    'https://ada:s3cret@github.com/acme/flows.git',
    'https://x-access-token:s3cret@gitlab.com/acme/flows.git',
    'https://s3cret@dev.azure.com/acme/ops/_git/flows',
    'ssh://ada:s3cret@git.example.com:22/acme/flows.git',
  ])('never shows what %s keeps secret', (remote) => {
    const url = commitUrl(remote, id);
    expect(url).toContain('/commit');
    expect(url).not.toMatch(/s3cret|@/);
  });

  test.each(['file:///srv/git/flows.git', '/srv/git/flows.git', './flows', '', 'https://', 'C:\\flows'])(
    'does not exist for %j',
    (remote) => {
      expect(commitUrl(remote, id)).toBeNull();
    },
  );
});
