/** Deliveries of the shape that the hosts' documentation shows, of a push that changes `paths`. */

export const before = '95790bf891e76fee5e1747ab589903a6a1f80f22';
export const after = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7';
export const zeros = '0'.repeat(40);

const ada = { name: 'Ada', email: 'ada@example.org', username: 'ada' };

function commit(id: string, paths: readonly string[]) {
  return {
    id,
    message: 'Update flows\n',
    timestamp: '2026-05-04T10:00:00+02:00',
    url: `https://git.example/company/flows/commit/${id}`,
    author: ada,
    committer: ada,
    added: [] as string[],
    modified: paths,
    removed: [] as string[],
  };
}

export function github(paths: readonly string[], over: object = {}) {
  return {
    ref: 'refs/heads/main',
    before,
    after,
    created: false,
    deleted: false,
    forced: false,
    base_ref: null,
    compare: `https://github.com/company/flows/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: [{ ...commit(after, paths), tree_id: before, distinct: true }],
    head_commit: commit(after, paths),
    repository: {
      id: 186853002,
      name: 'flows',
      full_name: 'company/flows',
      private: true,
      html_url: 'https://github.com/company/flows',
      url: 'https://github.com/company/flows',
      git_url: 'git://github.com/company/flows.git',
      ssh_url: 'git@github.com:company/flows.git',
      clone_url: 'https://github.com/company/flows.git',
      default_branch: 'main',
    },
    pusher: ada,
    sender: { login: 'ada', id: 1, type: 'User' },
    ...over,
  };
}

export function gitlab(paths: readonly string[], over: object = {}) {
  return {
    object_kind: 'push',
    event_name: 'push',
    before,
    after,
    ref: 'refs/heads/main',
    ref_protected: true,
    checkout_sha: after,
    message: null,
    user_id: 4,
    user_name: 'Ada',
    user_username: 'ada',
    user_email: '',
    user_avatar: null,
    project_id: 15,
    project: {
      id: 15,
      name: 'Flows',
      description: '',
      web_url: 'https://gitlab.example/company/flows',
      avatar_url: null,
      git_ssh_url: 'git@gitlab.example:company/flows.git',
      git_http_url: 'https://gitlab.example/company/flows.git',
      namespace: 'Company',
      visibility_level: 0,
      path_with_namespace: 'company/flows',
      default_branch: 'main',
    },
    commits: [{ ...commit(after, paths), title: 'Update flows' }],
    total_commits_count: 1,
    push_options: {},
    repository: {
      name: 'Flows',
      url: 'git@gitlab.example:company/flows.git',
      description: '',
      homepage: 'https://gitlab.example/company/flows',
      git_http_url: 'https://gitlab.example/company/flows.git',
      git_ssh_url: 'git@gitlab.example:company/flows.git',
      visibility_level: 0,
    },
    ...over,
  };
}

export function gitea(paths: readonly string[], over: object = {}) {
  return {
    ref: 'refs/heads/main',
    before,
    after,
    compare_url: `https://gitea.example/company/flows/compare/${before}...${after}`,
    commits: [{ ...commit(after, paths), verification: null }],
    total_commits: 1,
    head_commit: commit(after, paths),
    repository: {
      id: 140,
      owner: { id: 1, login: 'company', full_name: '', email: 'company@example.org', username: 'company' },
      name: 'flows',
      full_name: 'company/flows',
      private: true,
      html_url: 'https://gitea.example/company/flows',
      ssh_url: 'ssh://git@gitea.example:2222/company/flows.git',
      clone_url: 'https://gitea.example/company/flows.git',
      default_branch: 'main',
    },
    pusher: { id: 1, login: 'ada', username: 'ada' },
    sender: { id: 1, login: 'ada', username: 'ada' },
    ...over,
  };
}

const branch = (name: string, hash: string) => ({
  type: 'branch',
  name,
  target: {
    type: 'commit',
    hash,
    author: { type: 'author', raw: 'Ada <ada@example.org>' },
    message: 'Update flows\n',
    date: '2026-05-04T08:00:00+00:00',
    parents: [{ type: 'commit', hash: before }],
  },
  links: { html: { href: `https://bitbucket.org/company/flows/branch/${name}` } },
});

/** Cloud. It names no paths. */
export function bitbucket(change: object = {}) {
  return {
    push: {
      changes: [
        {
          new: branch('main', after),
          old: branch('main', before),
          created: false,
          forced: false,
          closed: false,
          truncated: false,
          commits: [{ type: 'commit', hash: after, message: 'Update flows\n' }],
          ...change,
        },
      ],
    },
    repository: {
      type: 'repository',
      uuid: '{673a6070-3421-46c9-9d48-90745f7bfe8e}',
      full_name: 'company/flows',
      name: 'flows',
      scm: 'git',
      is_private: true,
      links: { html: { href: 'https://bitbucket.org/company/flows' } },
    },
    actor: { type: 'user', display_name: 'Ada' },
  };
}

/** Data Center. Its older versions give no address of the repository. */
export function bitbucketServer(change: object = {}, repository: object = {}) {
  return {
    eventKey: 'repo:refs_changed',
    date: '2026-05-04T10:00:00+0200',
    actor: { name: 'ada', emailAddress: 'ada@example.org', id: 1, displayName: 'Ada', active: true },
    repository: {
      slug: 'flows',
      id: 84,
      name: 'flows',
      scmId: 'git',
      state: 'AVAILABLE',
      statusMessage: 'Available',
      forkable: true,
      project: { key: 'COMPANY', id: 84, name: 'company', public: false, type: 'NORMAL' },
      public: false,
      ...repository,
    },
    changes: [
      {
        ref: { id: 'refs/heads/main', displayId: 'main', type: 'BRANCH' },
        refId: 'refs/heads/main',
        fromHash: before,
        toHash: after,
        type: 'UPDATE',
        ...change,
      },
    ],
  };
}
