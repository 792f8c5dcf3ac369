import fc from 'fast-check';
import type { Policy } from './reference.js';
import { type Namespace, namespaces } from './world.js';

export const ids = ['a', 'b', 'c'] as const;
export const runs = ['SYNC', 'OTHER_SYNC', 'PUSH'] as const;
export type Run = (typeof runs)[number];

interface Flow {
  id: string;
  namespace: Namespace;
}

/** One thing that happens: somebody edits on one side, or flowgit runs. */
export type Step =
  | ({ do: 'edit git'; field: number; undo: boolean; other: boolean } & Flow)
  | ({ do: 'delete git'; other: boolean } & Flow)
  | ({ do: 'rename git' } & Flow)
  | ({ do: 'copy git' } & Flow)
  | ({ do: 'break git' } & Flow)
  | { do: 'commit elsewhere' }
  | ({ do: 'edit storage'; field: number; undo: boolean } & Flow)
  | ({ do: 'delete storage' } & Flow)
  | { do: 'empty git' }
  | { do: 'run'; run: Run; policy: Policy };

const flow = {
  id: fc.constantFrom('a', 'a', 'a', ...ids),
  namespace: fc.constantFrom<Namespace>('prod', 'prod', 'prod', ...namespaces),
};
const edit = { ...flow, field: fc.nat(2), undo: often(1, 5) };

/** True once in so many. */
function often(times: number, of: number): fc.Arbitrary<boolean> {
  return fc.nat(of - 1).map((number) => number < times);
}

export const policy: fc.Arbitrary<Policy> = fc.record({
  onConflict: fc.constantFrom('SOURCE', 'FAIL', 'SKIP', 'MERGE', 'MERGE'),
  delete: fc.boolean(),
  deleteScope: fc.constantFrom('ALL', 'ALL', 'OWNED'),
  allowEmpty: fc.boolean(),
  maxDeletes: fc.constantFrom(undefined, undefined, undefined, '0', '1', '50%', '100%'),
  adopt: often(1, 3),
  ignoreInvalidFlows: fc.boolean(),
});

const run = fc.record({
  do: fc.constant('run' as const),
  run: fc.constantFrom<Run>('SYNC', 'SYNC', 'PUSH', 'PUSH', 'OTHER_SYNC'),
  policy,
});

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: run },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('edit git' as const), ...edit, other: often(1, 6) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('edit storage' as const), ...edit }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('delete git' as const), ...flow, other: often(1, 6) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete storage' as const), ...flow }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename git' as const), ...flow }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break git' as const), ...flow }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('commit elsewhere' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('copy git' as const), ...flow }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('empty git' as const) }) },
);

const easy: Policy = {
  onConflict: 'SOURCE',
  delete: false,
  deleteScope: 'ALL',
  allowEmpty: true,
  maxDeletes: undefined,
  adopt: false,
  ignoreInvalidFlows: true,
};
/** Two flows that both sides have. */
const beginning: Step[] = [
  { do: 'edit git', id: 'a', namespace: 'prod', field: 0, undo: true, other: false },
  { do: 'edit git', id: 'b', namespace: 'prod', field: 0, undo: true, other: false },
  { do: 'run', run: 'SYNC', policy: easy },
];

export const story = fc
  .tuple(fc.nat(3), fc.array(step, { minLength: 6, maxLength: 40, size: 'max' }))
  .map(([begun, steps]) => (begun === 0 ? steps : [...beginning, ...steps]));
