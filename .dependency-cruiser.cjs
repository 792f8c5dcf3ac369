/**
 * The four floors of the architecture as rules: what a room may import, everything else being forbidden.
 * Rooms of src/ are listed bottom up; a room may use itself and what its `may` names.
 */
const base = ['^schemas/', '^src/(errors|logger|redaction)\\.ts$'];
const contracts = ['^src/storage/types\\.ts$', '^src/git/types\\.ts$'];

const rooms = [
  { name: 'schemas', path: '^schemas/', may: ['^schemas/'] },
  { name: 'base', path: '^src/(errors|logger|redaction)\\.ts$', may: base },
  { name: 'disk', path: '^src/disk/', may: [...base, '^src/disk/'] },
  { name: 'resources', path: '^src/resources/', may: [...base, '^src/resources/'] },
  { name: 'storage', path: '^src/storage/', may: [...base, '^src/(disk|resources|storage)/'] },
  {
    name: 'secrets',
    path: '^src/secrets/',
    may: [...base, ...contracts, '^src/secrets/'],
  },
  {
    name: 'git',
    path: '^src/git/',
    may: ['^src/(errors|logger|redaction)\\.ts$', '^src/(disk|git)/'],
  },
  { name: 'plan', path: '^src/plan/', may: [...base, ...contracts, '^src/resources/', '^src/plan/'] },
  {
    name: 'runtime',
    path: '^src/runtime/',
    may: [...base, '^src/(disk|resources|storage|git|plan|runtime)/'],
  },
  {
    name: 'services',
    path: '^src/(executions|triggers|queue|server)/',
    may: [...base, '^src/(resources|storage|secrets|git|plan|runtime|executions|triggers|queue|server)/'],
  },
  { name: 'testing', path: '^src/testing/', may: [...base, ...contracts, '^src/(testing|resources)/'] },
  { name: 'tasks', path: '^tasks/', may: ['^schemas/', '^src/(?!testing/)', '^tasks/'] },
  {
    name: 'bin',
    path: '^bin/',
    may: ['^schemas/', '^src/(?!testing/)', '^tasks/', '^bin/', '^package\\.json$'],
  },
];

const ours = '^(schemas|src|tasks|bin|test|examples|bench)/|^package\\.json$';

module.exports = {
  forbidden: [
    ...rooms.map(({ name, path, may }) => ({
      name: `room-${name}`,
      comment: `${name} imports only what lies below it`,
      severity: 'error',
      from: { path },
      to: { path: ours, pathNot: may },
    })),
    {
      name: 'schemas-use-zod-alone',
      severity: 'error',
      from: { path: '^schemas/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/zod/' },
    },
    {
      name: 'schemas-do-no-input-or-output',
      severity: 'error',
      from: { path: '^schemas/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'room-is-listed',
      comment: 'a new folder of src/ needs a rule above',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms.map(({ path }) => path) },
      to: {},
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-development-dependency-at-run-time',
      severity: 'error',
      from: { path: '^(schemas|src|tasks|bin)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
